/** SQL of everything that the identity key wraps: one column of a few tables, each value bound to its table and row. */
import type { EntityManager } from 'typeorm';

/** A column of wrapped secrets, and the column of uuids that names its rows. */
export interface WrappedColumn {
  readonly table: string;
  readonly column: string;
  readonly id: string;
}

/** Every column that is sealed with the identity key itself; what a person's or a contract's own key seals is not. */
export const wrappedColumns: readonly WrappedColumn[] = [
  { table: 'people', column: 'data_key', id: 'person_id' },
  { table: 'contracts', column: 'secret', id: 'loan_id' },
  { table: 'official_acts', column: 'data_key', id: 'act_id' },
];

export interface WrappedRow {
  readonly id: string;
  readonly value: Buffer;
}

/** How many rows are wrapped by the key of this id. */
export async function countWrapped(
  tx: EntityManager,
  { table, column }: WrappedColumn,
  keyId: Buffer,
): Promise<number> {
  const rows: { count: number }[] = await tx.query(
    `SELECT count(*) AS count FROM ${table} WHERE substr(${column}, 2, 4) = $1`,
    [keyId],
  );
  return Number(rows[0]?.count ?? 0);
}

/** Rows wrapped by the key of this id after a row, in the order of their ids. @param after a uuid, '' for the first */
export async function wrappedAfter(
  tx: EntityManager,
  { table, column, id }: WrappedColumn,
  keyId: Buffer,
  after: string,
  limit: number,
): Promise<readonly WrappedRow[]> {
  return tx.query(
    `SELECT ${id} AS id, ${column} AS value FROM ${table}
     WHERE ${id} > $1 AND substr(${column}, 2, 4) = $2 ORDER BY ${id} LIMIT $3`,
    [after === '' ? '00000000-0000-0000-0000-000000000000' : after, keyId, limit],
  );
}

/**
 * Puts new values in the place of those that were read, in one statement, and leaves a row that changed meanwhile alone.
 * @returns how many rows were changed
 */
export async function rewriteWrapped(
  tx: EntityManager,
  { table, column, id }: WrappedColumn,
  rows: readonly (WrappedRow & { readonly after: Buffer })[],
): Promise<number> {
  const changed: unknown[] = await tx.query(
    `WITH changed AS (
       UPDATE ${table} t SET ${column} = n.after
       FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (id, before, after)
       WHERE t.${id} = n.id AND t.${column} = n.before RETURNING 1)
     SELECT FROM changed`,
    [rows.map((row) => row.id), rows.map((row) => row.value), rows.map((row) => row.after)],
  );
  return changed.length;
}

/**
 * Rows beside rows, told by the database itself: each check reads one table by its key, page by page, and says of each
 * row which of its columns cannot be. What signatures, seals and hashes prove is judged elsewhere.
 */
import type { EntityManager } from 'typeorm';
import type { RowCheck } from './row-check.js';

export interface FaultyRow {
  readonly row: string;
  readonly differs: readonly string[];
}

/** Every row with a fault. */
export async function* faultyRows(
  tx: EntityManager,
  check: RowCheck,
  { size, pageSize }: { readonly size: number; readonly pageSize: number },
): AsyncGenerator<FaultyRow> {
  let after: readonly string[] | undefined;
  do {
    const page: readonly Raw[] = await tx.query<Raw[]>(statementOf(check, after !== undefined), [
      ...[size, pageSize],
      ...(after ?? []),
    ]);
    for (const { key, differs } of page) if (differs.length > 0) yield { row: key.join(' '), differs };
    after = page.at(-1)?.key;
  } while (after !== undefined);
}

interface Raw {
  readonly key: readonly string[];
  readonly differs: readonly string[];
}

function statementOf({ table, key, where, joins = '', faults }: RowCheck, goesOn: boolean): string {
  const columns = key.map(([column]) => column).join(', ');
  const after = key.map(([, type], place) => `$${place + 3}::${type}`).join(', ');
  const conditions = [
    ...(goesOn ? [`(${columns}) > (${after})`] : []),
    ...(where === undefined ? [] : [where]),
  ];
  const cases = Object.entries(faults).map(([name, when]) => `CASE WHEN ${when} THEN '${name}' END`);
  return `SELECT ARRAY[${key.map(([column]) => `x.${column}::text`).join(', ')}] AS key,
      array_remove(ARRAY[${cases.join(', ')}], NULL) AS differs
    FROM (SELECT * FROM ${table} ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
      ORDER BY ${columns} LIMIT $2) x
    CROSS JOIN (SELECT $1::bigint AS size) judged ${joins}
    ORDER BY ${key.map(([column]) => `x.${column}`).join(', ')}`;
}

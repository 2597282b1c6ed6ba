/** What fsck reads of corrections. */
import type { EntityManager } from 'typeorm';

/** A row of `corrections`, with what its entry must say. */
export interface CorrectionRow {
  readonly entryIndex: number;
  readonly entryUuid: string;
  readonly clientId: string;
  /** BIN of the bureau. */
  readonly bureau: string;
  readonly breachUuid: string;
  readonly removedAt: number;
  readonly at: number;
  readonly number?: string;
  readonly historyRef?: string;
}

/** Rows of the entries in [from, to). */
export async function correctionsBetween(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly CorrectionRow[]> {
  const rows: Record<string, unknown>[] = await tx.query(
    `SELECT c.entry_index AS "entryIndex", c.entry_id AS "entryUuid", c.client_id AS "clientId", p.bin AS bureau,
       c.breach_id AS "breachUuid", (extract(epoch FROM c.removed_at) * 1000)::float8 AS "removedAt",
       (extract(epoch FROM c.at) * 1000)::float8 AS at, c.number, c.history_ref AS "historyRef"
     FROM corrections c JOIN parties p ON p.client_id = c.client_id
     WHERE c.entry_index >= $1 AND c.entry_index < $2`,
    [from, to],
  );
  return rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).filter(([, value]) => value !== null),
      ) as unknown as CorrectionRow,
  );
}

/** Rows below `size` whose entry is not there or is of another kind: corrections are few, so they are read at once. */
export async function correctionsWithoutEntry(
  tx: EntityManager,
  size: number,
): Promise<readonly { readonly entryIndex: number }[]> {
  return tx.query(
    `SELECT c.entry_index AS "entryIndex" FROM corrections c LEFT JOIN entries e ON e.index = c.entry_index
     WHERE c.entry_index < $1 AND e.kind IS DISTINCT FROM 'correction.reported' ORDER BY 1 LIMIT 1000`,
    [size],
  );
}

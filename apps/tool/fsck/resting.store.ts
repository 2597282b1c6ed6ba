/** Insert-only tables whose rows each rest on one entry, paged by key. */
import type { EntityManager } from 'typeorm';

/** Of each its key, and what that entry must be. */
const restingOnEntries = {
  signed_documents: {
    key: 'entry_index',
    entry: `e.kind IN ('refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled')`,
  },
  revocation_answers: { key: 'entry_index', entry: `e.kind IN ('refusal.lifted', 'lift.cancelled')` },
  move_judgements: { key: 'entry_index', entry: `e.kind IN ('lift.requested', 'refusal.lifted')` },
  harvesting_alarms: { key: 'entry_index', entry: `e.kind = 'harvesting.suspected'` },
  official_acts: { key: 'act_id', entry: `strpos(e.entry, '"actId":"' || x.key || '"') > 0` },
} as const;
export type RestingTable = keyof typeof restingOnEntries;
export const restingTables = Object.keys(restingOnEntries) as readonly RestingTable[];

/** A row by its key, and whether the entry it names is there and is one that may stand behind it. */
export interface RestingRow {
  readonly key: number | string;
  readonly rests: boolean;
}

/** Rows after this key, or the first. One snapshot sees rows and entries, which commit together. */
export async function restingRowsAfter(
  tx: EntityManager,
  table: RestingTable,
  after: number | string | undefined,
  limit: number,
): Promise<readonly RestingRow[]> {
  const { key, entry } = restingOnEntries[table];
  const [from, params] = after === undefined ? ['', [limit]] : [`WHERE ${key} > $2`, [limit, after]];
  return tx.query<RestingRow[]>(
    `SELECT x.key, coalesce(${entry}, e.index IS NOT NULL AND e.entry IS NULL) AS rests
     FROM (SELECT ${key} AS key, entry_index FROM ${table} ${from} ORDER BY ${key} LIMIT $1) x
     LEFT JOIN entries e ON e.index = x.entry_index ORDER BY x.key`,
    params,
  );
}

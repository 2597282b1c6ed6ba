/** SQL of the acts that two officials signed: added once, never changed. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { bytesFromJson } from '#libs/journal/json-row.js';
import type { OfficialActRow } from './sealed-act.js';

/** Looked up by act id. */
export const officialActsTable: Table<string, OfficialActRow> = {
  name: 'officialActs',
  keyOf: (row) => row.actId,
  look: {
    keyOf: (actId) => actId,
    sql: 'SELECT * FROM official_acts WHERE act_id = ANY ($1::uuid[])',
    params: (actIds) => [actIds],
    fromJson: actFromJson,
  },
  insert: {
    sql: `INSERT INTO official_acts (act_id, entry_index, act, data_key, cms)
      SELECT a.act_id, a.entry_index, a.act, a.data_key, ARRAY[a.first, a.second]
      FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
        AS a (act_id, entry_index, act, data_key, first, second) RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.actId),
      rows.map((row) => row.entryIndex),
      rows.map((row) => row.act),
      rows.map((row) => row.dataKey),
      rows.map((row) => row.cms[0]),
      rows.map((row) => row.cms[1]),
    ],
  },
};

/** Acts whose entries lie in [from, to), in their order. */
export async function officialActsBetween(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly OfficialActRow[]> {
  const rows = await tx.query<{ row: Record<string, unknown> }[]>(
    `SELECT to_jsonb(a) AS row FROM official_acts a WHERE entry_index >= $1 AND entry_index < $2 ORDER BY entry_index`,
    [from, to],
  );
  return rows.map(({ row }) => actFromJson(row));
}

function actFromJson(row: Readonly<Record<string, unknown>>): OfficialActRow {
  return {
    actId: row['act_id'] as string,
    entryIndex: row['entry_index'] as number,
    act: row['act'] as string,
    dataKey: bytesFromJson(row['data_key']),
    cms: (row['cms'] as unknown[]).map(bytesFromJson),
  };
}

/** SQL of corrections: inserted with their entries; of those of one bureau about one breach the newest counts. */
import type { Table } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import { instantFromJson } from '#libs/journal/json-row.js';
import { correctionName, type Correction, type CorrectionWant } from './correction.js';

export const correctionsTable: Table<CorrectionWant, Correction> = {
  name: 'corrections',
  keyOf: correctionName,
  look: {
    keyOf: correctionName,
    sql: `SELECT c.* FROM unnest($1::text[], $2::uuid[]) AS w (client_id, breach_id)
      CROSS JOIN LATERAL (SELECT * FROM corrections c WHERE c.client_id = w.client_id AND c.breach_id = w.breach_id
        ORDER BY c.entry_index DESC LIMIT 1) AS c`,
    params: (wants) => [wants.map(({ clientId }) => clientId), wants.map(({ breachUuid }) => breachUuid)],
    fromJson: (row) => ({
      clientId: row['client_id'] as string,
      breachUuid: row['breach_id'] as string,
      entryIndex: row['entry_index'] as number,
      entryUuid: row['entry_id'] as string,
      at: instantFromJson(row['at']) ?? 0,
      removedAt: instantFromJson(row['removed_at']) ?? 0,
      ...(row['number'] !== null && { number: row['number'] as string }),
      ...(row['history_ref'] !== null && { historyRef: row['history_ref'] as string }),
    }),
  },
  insert: {
    sql: `INSERT INTO corrections (entry_index, entry_id, client_id, breach_id, number, removed_at, history_ref, at)
      SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[],
        $8::timestamptz[]) RETURNING 1`,
    params: (rows) => [
      ...[rows.map((row) => row.entryIndex), rows.map((row) => row.entryUuid)],
      ...[rows.map((row) => row.clientId), rows.map((row) => row.breachUuid)],
      ...[rows.map((row) => row.number ?? null), rows.map((row) => formatInstant(row.removedAt))],
      ...[rows.map((row) => row.historyRef ?? null), rows.map((row) => formatInstant(row.at))],
    ],
  },
};

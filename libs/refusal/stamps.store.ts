/** SQL of stamps: an item with what its bureau said last, looked up under the head's lock and written by inserts alone. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { bytesFromJson, instantFromJson } from '#libs/journal/json-row.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import { stampName, type BureauStamp, type StampedItem, type StampSaid, type StampWant } from './stamp.js';

export const stampsTable: Table<StampWant, StampedItem> = {
  name: 'stamps',
  keyOf: stampName,
  look: {
    keyOf: stampName,
    sql: `SELECT w.client_id, f.entry_id, f.seq, f.at AS item_at, f.subject, f.subject_epoch, l.state, l.at,
        l.recorded_at, l.history_ref
      FROM unnest($1::text[], $2::uuid[]) AS w (client_id, entry_id)
      CROSS JOIN LATERAL (SELECT sealed_seq FROM streams WHERE client_id = w.client_id LIMIT 1) s
      -- LIMIT keeps one index search an item, also under a plan made while the feed was short.
      JOIN LATERAL (SELECT * FROM feed i WHERE i.entry_id = w.entry_id LIMIT 1) f ON f.seq <= s.sealed_seq
      LEFT JOIN LATERAL (SELECT * FROM stamps t WHERE t.seq = f.seq AND t.client_id = w.client_id
        ORDER BY t.entry_index DESC LIMIT 1) l ON true`,
    params: (wants) => [wants.map(({ clientId }) => clientId), wants.map(({ entryUuid }) => entryUuid)],
    fromJson: (row) => {
      const said = saidOf(row);
      return {
        clientId: row['client_id'] as string,
        entryUuid: row['entry_id'] as string,
        seq: row['seq'] as number,
        itemAt: instantFromJson(row['item_at']) ?? 0,
        subject:
          row['subject'] === null
            ? undefined
            : { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
        ...(said && { said }),
      };
    },
  },
  insert: {
    sql: `INSERT INTO stamps (entry_index, client_id, seq, state, at, recorded_at, history_ref)
      SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[],
        $7::text[]) RETURNING 1`,
    params: (rows) => [
      ...[rows.map((row) => row.entryIndex), rows.map((row) => row.clientId), rows.map((row) => row.seq)],
      ...[rows.map((row) => row.said?.state), rows.map((row) => timestamp(row.said?.at))],
      ...[
        rows.map((row) => timestamp(row.said?.recordedAt)),
        rows.map((row) => row.said?.historyRef ?? null),
      ],
    ],
  },
};

/** What each bureau said of the placing or lift that made this version, and registry time by the database. */
export async function stampsOf(
  tx: EntityManager,
  subject: SubjectKey,
  version: number,
): Promise<{ readonly now: number; readonly stamps: readonly BureauStamp[] }> {
  const rows: { now: number; row: Readonly<Record<string, unknown>> }[] = await tx.query(
    `SELECT (extract(epoch FROM registry_now()) * 1000)::bigint AS now, to_jsonb(x) AS row FROM (
       SELECT s.client_id, f.at AS item_at, l.state, l.at, l.recorded_at, l.history_ref
       FROM entries e JOIN feed f ON f.entry_index = e.index CROSS JOIN streams s
       LEFT JOIN LATERAL (SELECT * FROM stamps t WHERE t.seq = f.seq AND t.client_id = s.client_id
         ORDER BY t.entry_index DESC LIMIT 1) l ON true
       WHERE e.subject = $1 AND e.subject_epoch = $2 AND e.version = $3
       ORDER BY s.client_id) x`,
    [subject.bytes, subject.epoch, version],
  );
  return {
    now: rows[0]?.now ?? 0,
    stamps: rows.map(({ row }) => {
      const said = saidOf(row);
      return {
        bureau: row['client_id'] as string,
        itemAt: instantFromJson(row['item_at']) ?? 0,
        ...(said && { said }),
      };
    }),
  };
}

function saidOf(row: Readonly<Record<string, unknown>>): StampSaid | undefined {
  if (row['state'] === null) return undefined;
  const recordedAt = instantFromJson(row['recorded_at']);
  return {
    state: row['state'] as StampSaid['state'],
    at: instantFromJson(row['at']) ?? 0,
    ...(recordedAt !== undefined && { recordedAt }),
    ...(row['history_ref'] !== null && { historyRef: row['history_ref'] as string }),
  };
}

function timestamp(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

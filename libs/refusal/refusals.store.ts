/** SQL of the refusals: one narrow row a person, written only together with the entry that moves it. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { whySilent } from '#libs/journal/journal.store.js';
import { bytesFromJson, instantFromJson } from '#libs/journal/json-row.js';
import { byteas } from '#libs/journal/pg-array.js';
import { Problem } from '#libs/problem/problem.js';
import type { Iin } from '#libs/subject/iin.js';
import {
  sentinelsOf,
  subjectsOf,
  subjectText,
  type LookupKeys,
  type SubjectKey,
} from '#libs/subject/subject.js';
import type { Refusal, RefusalState } from './refusal.js';

const columns = `subject, subject_epoch, state, version, lock_hours, placed_at, lift_requested_at, lifts_at,
  place_again_after_hours, placed_again_at, requested_by, request_index, moved_leaf, entry_index`;

/** Refusals as acts look them up (by subject, in any epoch) and write them. */
export const refusalsTable: Table<SubjectKey, Refusal> = {
  name: 'refusals',
  keyOf: (refusal) => subjectText(refusal.subject),
  look: {
    keyOf: subjectText,
    sql: `SELECT ${columns} FROM refusals WHERE subject = ANY ($1::bytea[])`,
    params: (subjects) => [byteas(subjects.map((subject) => subject.bytes))],
    fromJson: refusalFromJson,
  },
  insert: {
    sql: `INSERT INTO refusals AS r (${columns})
      SELECT * FROM unnest($1::bytea[], $2::smallint[], $3::text[], $4::integer[], $5::integer[], $6::timestamptz[],
        $7::timestamptz[], $8::timestamptz[], $9::integer[], $10::timestamptz[], $11::uuid[], $12::bigint[],
        $13::bytea[], $14::bigint[])
      ON CONFLICT (subject, subject_epoch) DO UPDATE SET state = excluded.state, version = excluded.version,
        lock_hours = excluded.lock_hours, placed_at = excluded.placed_at,
        lift_requested_at = excluded.lift_requested_at, lifts_at = excluded.lifts_at,
        place_again_after_hours = excluded.place_again_after_hours, placed_again_at = excluded.placed_again_at,
        requested_by = excluded.requested_by, request_index = excluded.request_index,
        moved_leaf = excluded.moved_leaf, entry_index = excluded.entry_index
      RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.subject.bytes),
      rows.map((row) => row.subject.epoch),
      rows.map((row) => row.state),
      rows.map((row) => row.version),
      rows.map((row) => row.lockHours),
      rows.map((row) => timestamp(row.placedAt)),
      rows.map((row) => timestamp(row.liftRequestedAt)),
      rows.map((row) => timestamp(row.liftsAt)),
      rows.map((row) => row.placeAgainAfterHours ?? null),
      rows.map((row) => timestamp(row.placedAgainAt)),
      rows.map((row) => row.requestedBy ?? null),
      rows.map((row) => row.requestIndex ?? null),
      rows.map((row) => row.movedLeaf),
      rows.map((row) => row.entryIndex),
    ],
  },
};

/**
 * The refusal of one person outside of the write path; undefined when there never was one.
 * @throws Problem `registry-unavailable` when a sentinel is not found or an epoch was added whose key is not here: with a
 *   wrong lookup key everybody would be nobody, and without the newest one whoever came since; or when the database may
 *   be a copy that was put back, or its rows differ from the entries.
 */
export async function refusalOf(tx: EntityManager, keys: LookupKeys, iin: Iin): Promise<Refusal | undefined> {
  const sentinels = sentinelsOf(keys);
  const subjects = [...sentinels, ...subjectsOf(keys, iin)];
  const rows: { row: Record<string, unknown>; epochs: number; silentBecause: string | null }[] =
    await tx.query(
      `SELECT to_jsonb(r) AS row, (SELECT count(*) FROM journal_head, jsonb_object_keys(key_checks)) AS epochs,
       ${whySilent} AS "silentBecause"
     FROM refusals r WHERE subject = ANY ($1::bytea[])`,
      [subjects.map((subject) => subject.bytes)],
    );
  const isSentinel = ({ row }: { row: Record<string, unknown> }): boolean => row['state'] === 'sentinel';
  if (rows.filter(isSentinel).length !== sentinels.length)
    throw new Problem('registry-unavailable', { cause: new Error('sentinel not found: wrong lookup key') });
  if (rows.some(({ epochs }) => epochs !== keys.size))
    throw new Problem('registry-unavailable', { cause: new Error('the lookup key of an epoch is missing') });
  const why = rows.find(({ silentBecause }) => silentBecause !== null)?.silentBecause;
  if (why !== undefined) throw new Problem('registry-unavailable', { cause: new Error(`in doubt: ${why}`) });
  const found = rows.find((row) => !isSentinel(row));
  return found && refusalFromJson(found.row);
}

/** The rows that prove the lookup keys right. Only the owner may write them. */
export async function insertSentinels(tx: EntityManager, keys: LookupKeys): Promise<void> {
  for (const { epoch, bytes } of sentinelsOf(keys))
    await tx.query(
      `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours)
       VALUES ($1, $2, 'sentinel', 0, 0) ON CONFLICT DO NOTHING`,
      [bytes, epoch],
    );
}

/** A row of the table as JSON (`to_jsonb`). */
export function refusalFromJson(row: Readonly<Record<string, unknown>>): Refusal {
  const optional = {
    placedAt: instantFromJson(row['placed_at']),
    liftRequestedAt: instantFromJson(row['lift_requested_at']),
    liftsAt: instantFromJson(row['lifts_at']),
    placeAgainAfterHours: (row['place_again_after_hours'] ?? undefined) as number | undefined,
    placedAgainAt: instantFromJson(row['placed_again_at']),
    requestedBy: (row['requested_by'] ?? undefined) as string | undefined,
    requestIndex: (row['request_index'] ?? undefined) as number | undefined,
  };
  return {
    subject: { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
    state: row['state'] as RefusalState,
    version: row['version'] as number,
    lockHours: row['lock_hours'] as number,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as typeof optional),
    movedLeaf: row['moved_leaf'] === null ? Buffer.alloc(0) : bytesFromJson(row['moved_leaf']),
    entryIndex: (row['entry_index'] ?? -1) as number,
  };
}

function timestamp(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

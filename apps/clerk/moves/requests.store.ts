/** SQL of what a due move rests on: its entry, the person's other entries, what was signed, and the row that waits. */
import type { EntityManager } from 'typeorm';
import { bytesFromJson } from '#libs/journal/json-row.js';
import type { StoredEntry } from '#libs/journal/proven-entry.js';
import { storedEntryColumns } from '#libs/journal/proven-entries.store.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalFromJson } from '#libs/refusal/refusals.store.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { KeptAct, SealedPerson } from './signed-act.js';

/** A move that entries or a row wait for, and the entry that makes it due: a `lift.requested`, or the lift before a return. */
export interface Due {
  /** Registry time of the reading, by the database. */
  readonly at: number;
  readonly entry: StoredEntry;
  readonly subject: SubjectKey;
  /** As the person's entries give it, signed or not. */
  readonly refusal: Refusal;
  /** As the row says, if there is one: a cache, never believed. */
  readonly row: Refusal | undefined;
}

type Json = Record<string, unknown>;

/** @returns undefined when neither the person's entries nor the row wait on this entry. */
export async function dueOf(tx: EntityManager, entryIndex: number): Promise<Due | undefined> {
  const rows: (StoredEntry & { refusal: Json; cached: Json | null; now: number })[] = await tx.query(
    `SELECT ${storedEntryColumns}, to_jsonb(f) AS refusal, to_jsonb(r) AS cached,
       (extract(epoch FROM registry_now()) * 1000)::bigint AS now
     FROM entries e CROSS JOIN refusal_of(e.subject, e.subject_epoch) f
     LEFT JOIN refusals r ON r.subject = e.subject AND r.subject_epoch = e.subject_epoch
     WHERE e.index = $1 AND $1 IN (f.entry_index, r.entry_index) AND (e.kind, true) IN (
       ('lift.requested', 'lift-pending' IN (f.state, r.state)), ('refusal.lifted', 'none' IN (f.state, r.state)))`,
    [entryIndex],
  );
  const found = rows[0];
  if (found === undefined) return undefined;
  const { refusal, cached, now, ...entry } = found;
  const subject = { epoch: refusal['subject_epoch'] as number, bytes: bytesFromJson(refusal['subject']) };
  const row = cached === null ? undefined : refusalFromJson(cached);
  return { at: now, entry, subject, refusal: refusalFromJson(refusal), row };
}

/** Entries of a person that say something of his refusal, in their order; his pseudonyms are those of every epoch. */
export async function refusalEntries(
  tx: EntityManager,
  subjects: readonly SubjectKey[],
): Promise<readonly StoredEntry[]> {
  return tx.query<StoredEntry[]>(
    `SELECT ${storedEntryColumns} FROM entries e WHERE e.subject = ANY ($1::bytea[]) AND e.kind IN ('refusal.inherited',
       'refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled', 'refusal.lifted') ORDER BY e.index`,
    [subjects.map(({ bytes }) => bytes)],
  );
}

/** The `lift.requested` of this person with this id. */
export async function requestOf(
  tx: EntityManager,
  subject: SubjectKey,
  uuid: string,
): Promise<StoredEntry | undefined> {
  const rows: StoredEntry[] = await tx.query(
    `SELECT ${storedEntryColumns} FROM entries e
     WHERE e.subject = $1 AND e.kind = 'lift.requested' AND e.id = $2 ORDER BY e.index LIMIT 1`,
    [subject.bytes, uuid],
  );
  return rows[0];
}

/** Rows of people under a pseudonym. */
export async function peopleOf(tx: EntityManager, subject: SubjectKey): Promise<readonly SealedPerson[]> {
  return tx.query<SealedPerson[]>(
    `SELECT person_id AS "personId", data_key AS "dataKey", iin FROM people
     WHERE subject = $1 AND subject_epoch = $2`,
    [subject.bytes, subject.epoch],
  );
}

/** What was signed under an entry, sealed; undefined when nothing is kept. */
export async function keptAct(tx: EntityManager, entryIndex: number): Promise<KeptAct | undefined> {
  const rows: KeptAct[] = await tx.query(
    `SELECT d.entry_index AS "entryIndex", d.application_id AS "applicationUuid", d.document, d.cms, d.revocation,
       d.revocation_kind AS "revocationKind", p.person_id AS "personId", p.data_key AS "dataKey", p.iin
     FROM signed_documents d JOIN people p USING (person_id) WHERE d.entry_index = $1`,
    [entryIndex],
  );
  return rows[0];
}

/**
 * Entries whose move is due, or was never judged, and has no job that is being done or will run soon, oldest first.
 * What was found unproven is asked about again after an hour: the operator may have put right what was wrong.
 */
export async function lostMoves(tx: EntityManager, limit: number): Promise<readonly number[]> {
  const rows: { index: number }[] = await tx.query(
    `WITH due AS (
       SELECT r.entry_index AS index FROM refusals r
       JOIN entries e ON e.index = r.entry_index AND e.subject = r.subject AND e.kind = 'lift.requested'
       LEFT JOIN move_judgements j ON j.entry_index = r.entry_index
       WHERE r.state = 'lift-pending' AND (j.entry_index IS NULL OR j.due_at <= registry_now()
         OR (j.fault IS NOT NULL AND j.judged_at <= registry_now() - interval '1 hour'))
       UNION ALL
       SELECT r.entry_index FROM refusals r LEFT JOIN move_judgements j ON j.entry_index = r.entry_index
       WHERE r.state = 'none' AND r.placed_again_at <= registry_now()
         AND (j.fault IS NULL OR j.judged_at <= registry_now() - interval '1 hour')
     )
     SELECT due.index FROM due
     WHERE NOT EXISTS (
       SELECT FROM graphile_worker.jobs j
       WHERE j.key = 'move-refusal:' || due.index AND j.attempts < j.max_attempts
         AND j.run_at < clock_timestamp() + interval '5 minutes'
         AND (j.locked_at IS NULL OR j.locked_at > clock_timestamp() - interval '15 seconds'))
     ORDER BY due.index LIMIT $1`,
    [limit],
  );
  return rows.map(({ index }) => index);
}

/** Whether the row still waits on this entry. */
export async function isStillDue(
  tx: EntityManager,
  subject: SubjectKey,
  entryIndex: number,
): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    'SELECT FROM refusals WHERE subject = $1 AND subject_epoch = $2 AND entry_index = $3',
    [subject.bytes, subject.epoch, entryIndex],
  );
  return rows.length > 0;
}

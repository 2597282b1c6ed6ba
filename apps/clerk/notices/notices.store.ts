/** SQL of the notices as the clerk makes them: it follows the feed, one at a time, because it holds the position's row. */
import type { EntityManager } from 'typeorm';
import { watchdogId } from '#libs/party/party.js';
import type { Instant } from '#libs/journal/instant.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { Person } from '#libs/subject/person.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { ClearCheck, ReportedLoan } from './notices.js';

/** An item of the feed: a placing. */
export interface FeedItem {
  readonly entryIndex: number;
  readonly entryUuid: string;
  /** Absent once the person is erased. */
  readonly subject?: SubjectKey;
  readonly at: Instant;
}

/** Whether the feed has grown since; asked without a lock, because mostly it has not. */
export async function hasNews(tx: EntityManager): Promise<boolean> {
  const rows: { has: boolean }[] = await tx.query(
    // The edge of the index, whatever is known of the table: with EXISTS a plan may read all that was dealt with.
    'SELECT coalesce((SELECT max(entry_index) FROM feed) > (SELECT entry_index FROM notices_position), false) AS has',
  );
  return rows[0]?.has === true;
}

/** Waits for whoever else makes notices; the entry up to which everything is dealt with. */
export async function lockPosition(tx: EntityManager): Promise<number> {
  const rows: { entry_index: number }[] = await tx.query(
    'SELECT entry_index FROM notices_position FOR UPDATE',
  );
  const row = rows[0];
  if (row === undefined) throw new Error('no position of the notices: run `tool migrate`');
  return row.entry_index;
}

export async function movePosition(tx: EntityManager, entryIndex: number): Promise<void> {
  await tx.query('UPDATE notices_position SET entry_index = $1', [entryIndex]);
}

/** A stretch of the feed. */
export interface Stretch {
  /** What citizens placed in it: only that is news, because whom a list brought along has refused long ago. */
  readonly placings: readonly FeedItem[];
  /** The entry it ends with. */
  readonly to: number;
}

/**
 * The stretch of `length` items after this entry, undefined when there are none; the head's lock sees to it that none
 * appears before a later one. What is no news is not fetched, because on the day of opening it is thirteen million items.
 */
export async function stretchAfter(
  tx: EntityManager,
  entryIndex: number,
  length: number,
): Promise<Stretch | undefined> {
  const rows: {
    entry_index: number;
    entry_id: string;
    kind: string;
    subject_epoch: number;
    subject: Buffer | null;
    at: Date;
    ends_at: number;
  }[] = await tx.query(
    `WITH stretch AS MATERIALIZED (
       SELECT entry_index, entry_id, kind, subject_epoch, subject, at FROM feed WHERE entry_index > $1
       ORDER BY entry_index LIMIT $2)
     SELECT s.*, e.ends_at FROM (SELECT max(entry_index) AS ends_at FROM stretch) e
     JOIN stretch s ON s.kind = 'refusal.placed' OR s.entry_index = e.ends_at ORDER BY s.entry_index`,
    [entryIndex, length],
  );
  const to = rows[0]?.ends_at;
  if (to === undefined) return undefined;
  const placings = rows
    .filter(({ kind }) => kind === 'refusal.placed')
    .map((row) => ({
      entryIndex: row.entry_index,
      entryUuid: row.entry_id,
      ...(row.subject !== null && { subject: { epoch: row.subject_epoch, bytes: row.subject } }),
      at: row.at.getTime(),
    }));
  return { placings, to };
}

/** The rows of the person of this pseudonym, sealed, newest first; made-up ones may be among them. */
export async function sealedPeopleOf(tx: EntityManager, subject: SubjectKey): Promise<readonly Person[]> {
  const rows: Omit<Person, 'subject'>[] = await tx.query(
    `SELECT person_id AS "personId", data_key AS "dataKey", iin FROM people
     WHERE subject = $1 AND subject_epoch = $2 ORDER BY first_seen_at DESC, person_id DESC LIMIT 100`,
    [subject.bytes, subject.epoch],
  );
  return rows.map((row) => ({ ...row, subject }));
}

/** A placing and whom it is about, under every pseudonym he may have been asked for. */
export interface Placed {
  readonly placing: FeedItem;
  readonly subjects: readonly SubjectKey[];
}

/**
 * Clear checks about these people by those who may lend, made from this instant on and before their placing, in their
 * order; by the placing's entry.
 */
export async function clearChecksBefore(
  tx: EntityManager,
  placed: readonly Placed[],
  from: Instant,
): Promise<ReadonlyMap<number, readonly ClearCheck[]>> {
  const asked = placed.flatMap(({ placing: { entryIndex }, subjects }) =>
    subjects.map(({ bytes }) => ({ entryIndex, bytes })),
  );
  const to = Math.max(...placed.map(({ placing }) => placing.at)) + 1;
  const rows: { placing: number; lender: string; loanRef: string; checkUuid: string; at: Date }[] =
    await tx.query(
      // The bounds leave a few day partitions, each with its own index by subject; OFFSET 0 keeps it a search in them for
      // each person, however many a stretch has.
      `SELECT w.entry_index AS "placing", c.lender, c.loan_ref AS "loanRef", c.check_id AS "checkUuid", c.at
       FROM unnest($1::bigint[], $2::bytea[]) AS w (entry_index, subject)
       CROSS JOIN LATERAL (SELECT * FROM checks k WHERE k.subject = w.subject AND k.verdict = 'clear'
         AND k.check_id >= uuid_floor($3) AND k.check_id < uuid_floor($4) AND k.entry_index < w.entry_index
         AND k.lender <> $5 OFFSET 0) AS c
       ORDER BY c.check_id`,
      [
        asked.map(({ entryIndex }) => entryIndex),
        asked.map(({ bytes }) => bytes),
        ...[formatInstant(from), formatInstant(to), watchdogId],
      ],
    );
  const checks = new Map<number, ClearCheck[]>();
  for (const { placing, at, ...row } of rows)
    checks.set(placing, [...(checks.get(placing) ?? []), { ...row, at: at.getTime() }]);
  return checks;
}

/** Loans of one person as last reported before the entry. */
export async function reportedLoans(
  tx: EntityManager,
  subjects: readonly SubjectKey[],
  entryIndex: number,
): Promise<readonly ReportedLoan[]> {
  const rows: { lender: string; at: Date; loanRef: string | null }[] = await tx.query(
    `SELECT l.party AS lender, l.at, c.loan_ref AS "loanRef" FROM loans l
     JOIN contracts k ON k.loan_id = l.loan_id AND k.entry_index = l.entry_index
     LEFT JOIN checks c ON c.check_id = l.check_id
     WHERE l.subject = ANY ($1::bytea[]) AND l.entry_index < $2`,
    [subjects.map(({ bytes }) => bytes), entryIndex],
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: at.getTime() }));
}

/** One notice to be. */
export interface NewNotice {
  readonly uuid: string;
  readonly lender: string;
  readonly placing: FeedItem;
  readonly loanRef: string;
  readonly checkUuid: string;
}

/** Writes notices that are not there yet and wakes the lenders that wait for them; how many were written. */
export async function insertNotices(tx: EntityManager, notices: readonly NewNotice[]): Promise<number> {
  if (notices.length === 0) return 0;
  const rows: { lender: string }[] = await tx.query(
    `INSERT INTO notices (notice_id, lender, kind, entry_index, about, at, loan_ref, check_id)
     SELECT u.id, u.lender, 'refusal-placed', u.entry_index, u.about, u.at, u.loan_ref, u.check_id
     FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::text[], $7::uuid[])
       AS u (id, lender, entry_index, about, at, loan_ref, check_id)
     ON CONFLICT (entry_index, lender, kind, loan_ref) DO NOTHING RETURNING lender`,
    [
      notices.map(({ uuid }) => uuid),
      notices.map(({ lender }) => lender),
      notices.map(({ placing }) => placing.entryIndex),
      notices.map(({ placing }) => placing.entryUuid),
      notices.map(({ placing }) => formatInstant(placing.at)),
      notices.map(({ loanRef }) => loanRef),
      notices.map(({ checkUuid }) => checkUuid),
    ],
  );
  const lenders = [...new Set(rows.map(({ lender }) => lender))];
  await tx.query(`SELECT pg_notify('tyiym_notices', lender) FROM unnest($1::text[]) AS u (lender)`, [
    lenders,
  ]);
  return rows.length;
}

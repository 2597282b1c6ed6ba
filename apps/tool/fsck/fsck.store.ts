/** What fsck reads, paged by key: no statement runs long, because an open snapshot slows every check that is made. */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import type { Instant } from '#libs/journal/instant.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { CheckpointRow } from './checkpoints.js';
import type { EntryRow } from './entry-rows.js';
import type { HeadRow } from './heads.js';
import type { PersonRow } from './people.js';
import type { AlarmRow, ApplicationRow, CheckRow } from './projections.js';
import type { Standing } from './standing.js';
import type { KeptAnswer } from './revocation-answers.js';
import type { KeptDocument } from './signatures.js';

type Raw = Readonly<Record<string, unknown>>;

/** A column as milliseconds: twenty million dates spelled and read again take minutes. */
function msOf(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`;
}

/** `limit` entries from `from` on, below `size`. */
export async function entriesFrom(
  tx: EntityManager,
  { from, size, limit }: { readonly from: number; readonly size: number; readonly limit: number },
): Promise<readonly EntryRow[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT index, id, kind, ${msOf('at')}, entry, seed, commitment, leaf_hash, subject_epoch, subject, version, party
     FROM entries WHERE index >= $1 AND index < $2 ORDER BY index LIMIT $3`,
    [from, size, limit],
  );
  return rows.map((row) => ({
    index: row['index'] as number,
    uuid: row['id'] as string,
    kind: row['kind'] as string,
    at: row['at'] as Instant,
    text: row['entry'] as string | null,
    seed: row['seed'] as Buffer | null,
    leafHash: row['leaf_hash'] as Buffer,
    commitment: row['commitment'] as Buffer,
    ...subjectMember(row),
    version: row['version'] as number | null,
    party: row['party'] as string | null,
  }));
}

/** Heads whose size lies in (after, to], in their order. */
export async function headsBetween(
  tx: EntityManager,
  after: number,
  to: number,
): Promise<readonly HeadRow[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT size, from_size, at, root, frontier, kid, jws FROM heads WHERE size > $1 AND size <= $2 ORDER BY size`,
    [after, to],
  );
  return rows.map((row) => ({
    size: row['size'] as number,
    fromSize: row['from_size'] as number,
    at: instantOf(row['at']) ?? 0,
    root: row['root'] as Buffer,
    frontier: row['frontier'] as Buffer,
    kid: row['kid'] as string,
    jws: row['jws'] as string,
  }));
}

/** Checkpoints whose size lies in (after, to]. */
export async function checkpointsBetween(
  tx: EntityManager,
  after: number,
  to: number,
): Promise<readonly CheckpointRow[]> {
  return tx.query<CheckpointRow[]>(
    `SELECT size, origin, root, note FROM checkpoints WHERE size > $1 AND size <= $2 ORDER BY size`,
    [after, to],
  );
}

/** The row of this size, as it is compared with what the log serves. */
export async function keptCheckpoint(
  tx: EntityManager,
  size: number,
): Promise<
  { readonly note: string; readonly isPublished: boolean; readonly cosignatures: number } | undefined
> {
  const rows: { note: string; isPublished: boolean; cosignatures: number }[] = await tx.query(
    `SELECT note, published_at IS NOT NULL AS "isPublished", cosignatures FROM checkpoints WHERE size = $1`,
    [size],
  );
  return rows[0];
}

/** Places and instants of the entries in [from, to), in order. */
export async function instantsBetween(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly { readonly index: number; readonly at: Instant }[]> {
  const rows = await tx.query<Raw[]>(
    'SELECT index, at FROM entries WHERE index >= $1 AND index < $2 ORDER BY index',
    [from, to],
  );
  return rows.map((row) => ({ index: row['index'] as number, at: instantOf(row['at']) ?? 0 }));
}

/** Documents kept for entries in [from, to). */
export async function keptDocuments(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly KeptDocument[]> {
  return tx.query<KeptDocument[]>(
    `SELECT entry_index AS "entryIndex", application_id AS "applicationUuid", document, cms, revocation,
       revocation_kind AS "revocationKind", revocation_stale AS "isStale" FROM signed_documents WHERE entry_index >= $1 AND entry_index < $2`,
    [from, to],
  );
}

/** Answers kept for entries in [from, to), each with the signed lift it is about. */
export async function keptAnswers(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly KeptAnswer[]> {
  return tx.query<KeptAnswer[]>(
    `SELECT a.entry_index AS "entryIndex", a.application_id AS "applicationUuid", a.answer, a.kind,
       d.entry_index AS "requestIndex", d.cms
     FROM revocation_answers a LEFT JOIN signed_documents d USING (application_id)
     WHERE a.entry_index >= $1 AND a.entry_index < $2`,
    [from, to],
  );
}

/** People whom the entries in [from, to) are about. */
export async function peopleOfEntries(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly PersonRow[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT person_id, subject_epoch, subject, data_key, iin FROM people
     WHERE subject IN (SELECT subject FROM entries WHERE index >= $1 AND index < $2)`,
    [from, to],
  );
  return rows.map(personFromRow);
}

/** People after this row number, whether or not an entry names them. */
export async function peopleAfter(
  tx: EntityManager,
  after: string,
  limit: number,
): Promise<readonly PersonRow[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT person_id, subject_epoch, subject, data_key, iin FROM people WHERE person_id > $1
     ORDER BY person_id LIMIT $2`,
    [after, limit],
  );
  return rows.map(personFromRow);
}

const checkColumns = `check_id AS "uuid", lender, entry_index AS "entryIndex", subject_epoch, subject, product, stage,
  loan_ref AS "loanRef", verdict, version, ${msOf('at')}, ${msOf('valid_until')}`;

/** Checks by id. */
export async function checksOfIds(tx: EntityManager, uuids: readonly string[]): Promise<readonly CheckRow[]> {
  const rows = await tx.query<Raw[]>(`SELECT ${checkColumns} FROM checks WHERE check_id = ANY ($1::uuid[])`, [
    uuids,
  ]);
  return rows.map(checkFromRow);
}

/** A check and the `checkId` that the entry it names has; undefined when there is no such entry of a check. */
export interface CheckAndEntry {
  readonly uuid: string;
  readonly entryIndex: number;
  readonly checkId: string | null;
}

/** Checks after this id whose entries lie below `size`, in the order of their ids. */
export async function checksAndEntries(
  tx: EntityManager,
  { after, size, limit }: { readonly after: string; readonly size: number; readonly limit: number },
): Promise<readonly CheckAndEntry[]> {
  return tx.query<CheckAndEntry[]>(
    `SELECT c.check_id AS uuid, c.entry_index AS "entryIndex",
       substring(e.entry FROM '"checkId":"([^"]+)"') AS "checkId"
     FROM (SELECT check_id, entry_index FROM checks WHERE check_id > $1 AND entry_index < $2
           ORDER BY check_id LIMIT $3) c
     LEFT JOIN entries e ON e.index = c.entry_index AND e.kind = 'check.made' ORDER BY c.check_id`,
    [after, size, limit],
  );
}

/** How many checks there are whose entries lie below `size`; counted some at a time. */
export async function countChecks(tx: EntityManager, size: number): Promise<number> {
  let after: string | null = '00000000-0000-0000-0000-000000000000';
  let count = 0;
  while (after !== null) {
    const rows: { readonly count: number; readonly last: string | null }[] = await tx.query(
      `WITH page AS (SELECT check_id, entry_index FROM checks WHERE check_id > $1 ORDER BY check_id LIMIT 100000)
       SELECT count(*) FILTER (WHERE entry_index < $2) AS count,
         (SELECT check_id FROM page ORDER BY check_id DESC LIMIT 1) AS last FROM page`,
      [after, size],
    );
    count += rows[0]?.count ?? 0;
    after = rows[0]?.last ?? null;
  }
  return count;
}

/** Refusals after this key, without the sentinels, in the order of their key. */
export async function refusalsAfter(
  tx: EntityManager,
  after: SubjectKey,
  limit: number,
): Promise<readonly Standing[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT * FROM refusals WHERE (subject, subject_epoch) > ($1, $2) AND state <> 'sentinel'
     ORDER BY subject, subject_epoch LIMIT $3`,
    [after.bytes, after.epoch, limit],
  );
  return rows.map((row) => ({
    subject: { epoch: row['subject_epoch'] as number, bytes: row['subject'] as Buffer },
    state: row['state'] as Standing['state'],
    version: row['version'] as number,
    lockHours: row['lock_hours'] as number,
    ...present({
      placedAt: instantOf(row['placed_at']),
      liftRequestedAt: instantOf(row['lift_requested_at']),
      liftsAt: instantOf(row['lifts_at']),
      placeAgainAfterHours: row['place_again_after_hours'] as number | null,
      placedAgainAt: instantOf(row['placed_again_at']),
      requestedBy: row['requested_by'] as string | null,
      requestIndex: row['request_index'] as number | null,
    }),
    movedLeaf: row['moved_leaf'] as Buffer,
    entryIndex: row['entry_index'] as number,
  }));
}

/** Signed applications after this id. */
export async function signedApplications(
  tx: EntityManager,
  after: string,
  limit: number,
): Promise<readonly ApplicationRow[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT application_id, channel, identified_by, subject_epoch, subject, document_sha256, cms_sha256, entry_index
     FROM applications WHERE application_id > $1 AND state = 'signed' ORDER BY application_id LIMIT $2`,
    [after, limit],
  );
  return rows.map((row) => ({
    uuid: row['application_id'] as string,
    channel: row['channel'] as string,
    identifiedBy: row['identified_by'] as string,
    subject: { epoch: row['subject_epoch'] as number, bytes: row['subject'] as Buffer },
    documentSha256: (row['document_sha256'] as Buffer).toString('base64url'),
    cmsSha256: (row['cms_sha256'] as Buffer).toString('base64url'),
    entryIndex: row['entry_index'] as number,
  }));
}

/** The alarms that these entries wrote; more than one of an entry is a fault of its own. */
export async function alarmsOfEntries(
  tx: EntityManager,
  indexes: readonly number[],
): Promise<readonly AlarmRow[]> {
  if (indexes.length === 0) return [];
  const rows = await tx.query<Raw[]>(
    `SELECT lender, span, begins_at, entry_index FROM harvesting_alarms WHERE entry_index = ANY ($1::bigint[])`,
    [indexes],
  );
  return rows.map((row) => ({
    lender: row['lender'] as string,
    span: row['span'] as string,
    begins: instantOf(row['begins_at']) ?? 0,
    entryIndex: row['entry_index'] as number,
  }));
}

function personFromRow(row: Raw): PersonRow {
  return {
    personId: row['person_id'] as string,
    subject: { epoch: row['subject_epoch'] as number, bytes: row['subject'] as Buffer },
    dataKey: row['data_key'] as Buffer,
    iin: row['iin'] as Buffer,
  };
}

function checkFromRow(row: Raw): CheckRow {
  const validUntil = row['valid_until'] as Instant | null;
  return {
    uuid: row['uuid'] as string,
    lender: row['lender'] as string,
    entryIndex: row['entryIndex'] as number,
    ...subjectMember(row),
    product: row['product'] as string,
    stage: row['stage'] as string,
    loanRef: row['loanRef'] as string,
    verdict: row['verdict'] as string,
    version: row['version'] as number,
    at: row['at'] as Instant,
    ...(validUntil !== null && { validUntil }),
  };
}

function subjectMember(row: Raw): { readonly subject?: SubjectKey } {
  const bytes = row['subject'];
  return Buffer.isBuffer(bytes) ? { subject: { epoch: row['subject_epoch'] as number, bytes } } : {};
}

function instantOf(value: unknown): Instant | undefined {
  if (value === null || value === undefined) return undefined;
  assert(value instanceof Date, 'not an instant');
  return value.getTime();
}

/** Absent members are left out, as the entries leave them out. */
function present<T extends object>(members: T): Partial<{ [N in keyof T]: NonNullable<T[N]> }> {
  const left: Partial<{ [N in keyof T]: NonNullable<T[N]> }> = {};
  for (const name in members) {
    const value = members[name];
    if (value !== null && value !== undefined) left[name] = value;
  }
  return left;
}

/** An item of the feed beside the entry it names. */
export interface FeedRow {
  readonly seq: number;
  readonly entryIndex: number;
  /** Whether the entry is there, is of a kind that is fed, and says what the item says. */
  readonly agrees: boolean;
}

/** Items after this number, of entries below `size`, in their order. */
export async function feedAfter(
  tx: EntityManager,
  { after, size, limit }: { readonly after: number; readonly size: number; readonly limit: number },
): Promise<readonly FeedRow[]> {
  return tx.query<FeedRow[]>(
    `SELECT f.seq, f.entry_index AS "entryIndex",
       coalesce((e.id, e.kind, e.version, e.at) = (f.entry_id, f.kind, f.version, f.at)
         AND (e.subject, e.subject_epoch) IS NOT DISTINCT FROM (f.subject, f.subject_epoch), false) AS agrees
     FROM feed f LEFT JOIN entries e ON e.index = f.entry_index
     WHERE f.seq > $1 AND f.entry_index < $2 ORDER BY f.seq LIMIT $3`,
    [after, size, limit],
  );
}

/** A row of `stamps`, with what its entry must say. */
export interface StampRow {
  readonly entryIndex: number;
  readonly kind: string;
  readonly party: string;
  readonly at: Instant;
  /** UUID of the entry it follows up. */
  readonly about: string;
  readonly bureau: string;
  readonly recordedAt?: Instant;
  readonly historyRef?: string;
  readonly subject?: SubjectKey;
}

/** Stamps of entries in [from, to). */
export async function stampsBetween(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly StampRow[]> {
  const rows = await tx.query<Raw[]>(
    `SELECT s.*, f.entry_id, f.subject, f.subject_epoch, p.bin FROM stamps s
     JOIN feed f ON f.seq = s.seq JOIN parties p ON p.client_id = s.client_id
     WHERE s.entry_index >= $1 AND s.entry_index < $2 ORDER BY s.entry_index`,
    [from, to],
  );
  return rows.map((row) => ({
    entryIndex: row['entry_index'] as number,
    kind: row['state'] === 'stamped' ? 'refusal.stamped' : 'stamp.lost',
    party: row['client_id'] as string,
    at: instantOf(row['at']) ?? 0,
    about: row['entry_id'] as string,
    bureau: row['bin'] as string,
    ...(row['recorded_at'] !== null && { recordedAt: instantOf(row['recorded_at']) ?? 0 }),
    ...(row['history_ref'] !== null && { historyRef: row['history_ref'] as string }),
    ...subjectMember(row),
  }));
}

/** What fsck reads of notices, paged by key. */
import type { EntityManager } from 'typeorm';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { watchdogId } from '#libs/party/party.js';
import type { SubjectKey } from '#libs/subject/subject.js';

/** A fetching and the notice that was fetched. */
export interface DeliveryRow {
  readonly entryIndex: number;
  readonly noticeUuid: string;
  readonly about: string;
  readonly kind: string;
  readonly lender: string;
  readonly loanRef: string | null;
  readonly checkUuid: string | null;
}

/** Those whose entries lie in [from, to). */
export async function deliveriesBetween(
  tx: EntityManager,
  from: number,
  to: number,
): Promise<readonly DeliveryRow[]> {
  return tx.query(
    `SELECT d.entry_index AS "entryIndex", n.notice_id AS "noticeUuid", n.about, n.kind, n.lender,
       n.loan_ref AS "loanRef", n.check_id AS "checkUuid"
     FROM notice_deliveries d JOIN notices n USING (notice_id) WHERE d.entry_index >= $1 AND d.entry_index < $2`,
    [from, to],
  );
}

/**
 * Notices after this number: whether each rests on a placing and, before it, on a clear check of its lender about the
 * same person. Under two epochs one person has two pseudonyms, and then only fsck's other checks can tell.
 */
export async function noticesAfter(
  tx: EntityManager,
  after: number,
  limit: number,
): Promise<readonly { readonly seq: number; readonly rests: boolean }[]> {
  return tx.query(
    `SELECT n.seq, coalesce(e.kind = 'refusal.placed' AND e.id = n.about AND e.at = n.at AND c.lender = n.lender
         AND c.loan_ref = n.loan_ref AND c.verdict = 'clear' AND c.entry_index < e.index
         AND (e.subject IS NULL OR c.subject_epoch <> e.subject_epoch OR c.subject = e.subject), false) AS rests
     FROM (SELECT * FROM notices WHERE seq > $1 ORDER BY seq LIMIT $2) n
     LEFT JOIN entries e ON e.index = n.entry_index LEFT JOIN checks c ON c.check_id = n.check_id ORDER BY n.seq`,
    [after, limit],
  );
}

/** Fetchings after this entry: whether each entry is one. */
export async function deliveriesWithoutEntry(
  tx: EntityManager,
  after: number,
  limit: number,
): Promise<readonly { readonly entryIndex: number; readonly rests: boolean }[]> {
  return tx.query(
    `SELECT d.entry_index AS "entryIndex", coalesce(e.kind = 'notice.delivered', false) AS rests
     FROM (SELECT entry_index FROM notice_deliveries WHERE entry_index > $1 ORDER BY 1 LIMIT $2) d
     LEFT JOIN entries e ON e.index = d.entry_index ORDER BY 1`,
    [after, limit],
  );
}

/** A placing and whom it is about, under every pseudonym he may have been asked for. */
export interface PlacingAsked {
  readonly entryIndex: number;
  readonly at: Instant;
  readonly subjects: readonly SubjectKey[];
}

/** A clear check from before a placing, or a loan as last reported before it; a loan may name no application. */
export interface BeforePlacing {
  readonly placing: number;
  readonly lender: string;
  readonly loanRef: string | null;
  readonly at: Instant;
}

/** How far the clerk has read the feed: placings up to this entry have their notices. */
export async function noticesPosition(tx: EntityManager): Promise<number> {
  const rows: { readonly position: number }[] = await tx.query(
    'SELECT entry_index AS position FROM notices_position',
  );
  return rows[0]?.position ?? -1;
}

/** Clear checks of these people by those who may lend, from the `days` before their placing. */
export async function clearChecksBefore(
  tx: EntityManager,
  placings: readonly PlacingAsked[],
  days: number,
): Promise<readonly BeforePlacing[]> {
  const rows: (Omit<BeforePlacing, 'at'> & { at: Date })[] = await tx.query(
    `${placingsOf} SELECT w.entry_index AS "placing", c.lender, c.loan_ref AS "loanRef", c.at FROM w JOIN checks c ON c.subject = w.subject
       AND c.check_id >= uuid_floor(w.at - $4 * interval '1 day') AND c.check_id < uuid_floor(w.at + interval '1 ms')
     WHERE c.verdict = 'clear' AND c.entry_index < w.entry_index AND c.lender <> $5`,
    [...paramsOf(placings), days, watchdogId],
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: at.getTime() }));
}

/** Of each contract of these people what was reported last before the placing. */
export async function loansBefore(
  tx: EntityManager,
  placings: readonly PlacingAsked[],
): Promise<readonly BeforePlacing[]> {
  const rows: (Omit<BeforePlacing, 'at'> & { at: Date })[] = await tx.query(
    `${placingsOf} SELECT w.entry_index AS "placing", l.party AS lender, c.loan_ref AS "loanRef", l.at FROM w JOIN loans l ON l.subject = w.subject
     LEFT JOIN checks c ON c.check_id = l.check_id
     WHERE l.entry_index = (SELECT max(n.entry_index) FROM loans n WHERE n.loan_id = l.loan_id AND n.entry_index < w.entry_index)`,
    [...paramsOf(placings)],
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: at.getTime() }));
}

/** Whom these placings were told to: lender and application. */
export async function noticesOfPlacings(
  tx: EntityManager,
  placings: readonly PlacingAsked[],
): Promise<
  readonly { readonly placing: number; readonly lender: string; readonly loanRef: string | null }[]
> {
  return tx.query(
    `SELECT entry_index AS "placing", lender, loan_ref AS "loanRef" FROM notices
     WHERE kind = 'refusal-placed' AND entry_index = ANY ($1::bigint[])`,
    [placings.map(({ entryIndex }) => entryIndex)],
  );
}

const placingsOf = `WITH w AS (SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bytea[]) AS w (entry_index, at, subject))`;

function paramsOf(placings: readonly PlacingAsked[]): readonly unknown[] {
  const each = placings.flatMap(({ subjects, ...placing }) =>
    subjects.map(({ bytes }) => ({ ...placing, bytes })),
  );
  return [
    each.map(({ entryIndex }) => entryIndex),
    each.map(({ at }) => formatInstant(at)),
    each.map(({ bytes }) => bytes),
  ];
}

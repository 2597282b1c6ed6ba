/** What fsck reads of notices, paged by key. */
import type { EntityManager } from 'typeorm';

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

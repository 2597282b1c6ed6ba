/** SQL of notices as their lender reads them, and of their first fetching, which is written with its entry. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import type { NoticeKind } from './notice-answer.js';

export interface Notice {
  readonly seq: number;
  readonly uuid: string;
  readonly kind: NoticeKind;
  /** UUID of the entry it tells of. */
  readonly about: string;
  readonly at: number;
  readonly loanRef?: string;
  readonly checkUuid?: string;
  readonly isDelivered: boolean;
}

/** The first fetching of a notice. */
export interface Delivery {
  readonly noticeUuid: string;
  readonly entryIndex: number;
}

export const deliveriesTable: Table<string, Delivery> = {
  name: 'notice_deliveries',
  keyOf: (delivery) => delivery.noticeUuid,
  look: {
    keyOf: (noticeUuid) => noticeUuid,
    sql: `SELECT d.* FROM unnest($1::uuid[]) AS w (notice_id)
      CROSS JOIN LATERAL (SELECT * FROM notice_deliveries d WHERE d.notice_id = w.notice_id LIMIT 1) AS d`,
    params: (uuids) => [uuids],
    fromJson: (row) => ({
      noticeUuid: row['notice_id'] as string,
      entryIndex: row['entry_index'] as number,
    }),
  },
  insert: {
    sql: `INSERT INTO notice_deliveries (notice_id, entry_index) SELECT * FROM unnest($1::uuid[], $2::bigint[]) RETURNING 1`,
    params: (rows) => [rows.map((row) => row.noticeUuid), rows.map((row) => row.entryIndex)],
  },
};

/** Notices to this lender after this number, in their order. */
export async function noticesAfter(
  tx: EntityManager,
  lender: string,
  after: number,
  limit: number,
): Promise<readonly Notice[]> {
  const rows: {
    seq: number;
    uuid: string;
    kind: Notice['kind'];
    about: string;
    at: Date;
    loanRef: string | null;
    checkUuid: string | null;
    isDelivered: boolean;
  }[] = await tx.query(
    `SELECT n.seq, n.notice_id AS uuid, n.kind, n.about, n.at, n.loan_ref AS "loanRef", n.check_id AS "checkUuid",
       d.notice_id IS NOT NULL AS "isDelivered"
     FROM notices n LEFT JOIN notice_deliveries d USING (notice_id)
     WHERE n.lender = $1 AND n.seq > $2 ORDER BY n.seq LIMIT $3`,
    [lender, after, limit],
  );
  return rows.map(({ at, loanRef, checkUuid, ...row }) => ({
    ...row,
    at: at.getTime(),
    ...(loanRef !== null && { loanRef }),
    ...(checkUuid !== null && { checkUuid }),
  }));
}

/** How many notices this lender never fetched; not counted beyond `most`. */
export async function noticesBehind(tx: EntityManager, lender: string, most: number): Promise<number> {
  const rows: { count: number }[] = await tx.query(
    `SELECT count(*)::integer AS count FROM (SELECT FROM notices n WHERE n.lender = $1
       AND NOT EXISTS (SELECT FROM notice_deliveries d WHERE d.notice_id = n.notice_id)
     ORDER BY n.seq DESC LIMIT $2) behind`,
    [lender, most],
  );
  return rows[0]?.count ?? 0;
}

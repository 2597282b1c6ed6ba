/** What fsck reads of answers kept for citizens, paged by key. */
import type { EntityManager } from 'typeorm';

export interface KeptAnswerRow {
  /** `yyyy-mm-dd` */
  readonly day: string;
  readonly party: string;
  readonly route: string;
  readonly key: string;
  readonly personId: string;
  readonly dataKey: Buffer;
  readonly answer: Buffer;
}

/** Rows after this one. */
export async function keptAnswersAfter(
  tx: EntityManager,
  after: KeptAnswerRow | undefined,
  limit: number,
): Promise<readonly KeptAnswerRow[]> {
  const { day = '-infinity', party = '', route = '', key = '' } = after ?? {};
  return tx.query<KeptAnswerRow[]>(
    `SELECT i.day::text AS day, i.party, i.route, i.key, p.person_id AS "personId", p.data_key AS "dataKey", i.answer
     FROM (SELECT * FROM idempotency_keys WHERE app = 'citizen' AND answer IS NOT NULL
       AND (day, party, route, key) > ($1::date, $2, $3, $4) ORDER BY day, party, route, key LIMIT $5) i
     JOIN people p ON p.person_id = i.person_id ORDER BY i.day, i.party, i.route, i.key`,
    [day, party, route, key, limit],
  );
}

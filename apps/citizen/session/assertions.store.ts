/**
 * SQL of `assertion_ids`: a citizen assertion counts once, in whichever process it arrives first. It is used up in the
 * transaction of what it allowed, so that a request which failed on our side can be sent again as it was.
 */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { instantFromJson } from '#libs/journal/json-row.js';
import { assertionName, type AssertionName, type UsedAssertion } from './presence.js';

/** For acts: an assertion that is found was used before. */
export const assertionsTable: Table<AssertionName, UsedAssertion> = {
  name: 'assertion_ids',
  keyOf: assertionName,
  look: {
    keyOf: assertionName,
    sql: `SELECT a.* FROM unnest($1::text[], $2::text[]) AS w (channel, jti)
      CROSS JOIN LATERAL (SELECT * FROM assertion_ids i WHERE i.channel = w.channel AND i.jti = w.jti LIMIT 1) a`,
    params: (wants) => [wants.map(({ channel }) => channel), wants.map(({ jtiSha256 }) => jtiSha256)],
    fromJson: (row) => ({
      channel: row['channel'] as string,
      jtiSha256: row['jti'] as string,
      expiresAt: instantFromJson(row['expires_at']) ?? 0,
    }),
  },
  insert: {
    sql: `INSERT INTO assertion_ids (channel, jti, expires_at)
      SELECT u.channel, u.jti, to_timestamp(u.expires_at / 1000)
      FROM unnest($1::text[], $2::text[], $3::float8[]) AS u (channel, jti, expires_at) RETURNING 1`,
    params: (rows) => [
      rows.map(({ channel }) => channel),
      rows.map(({ jtiSha256 }) => jtiSha256),
      rows.map(({ expiresAt }) => expiresAt),
    ],
  },
};

/**
 * Uses an assertion up outside of the Journal; the primary key decides between two at once.
 * @returns whether this was the first time
 */
export async function useAssertion(tx: EntityManager, assertion: UsedAssertion): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO assertion_ids (channel, jti, expires_at) VALUES ($1, $2, to_timestamp($3::float8 / 1000))
     ON CONFLICT DO NOTHING RETURNING 1`,
    [assertion.channel, assertion.jtiSha256, assertion.expiresAt],
  );
  return rows.length === 1;
}

const forgottenPerUse = 20;

/** Forgets a few that have expired: more than one each use, so that the table stays as small as its last minutes. */
export async function forgetExpiredAssertions(tx: EntityManager, now: number): Promise<void> {
  await tx.query(
    `DELETE FROM assertion_ids WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM assertion_ids WHERE expires_at < to_timestamp($1::float8 / 1000) LIMIT $2))`,
    [now, forgottenPerUse],
  );
}

/** SQL of `assertion_ids`: a citizen assertion counts once, in whichever process it arrives first. */
import type { EntityManager } from 'typeorm';

const forgottenPerUse = 20;

/**
 * Uses an assertion up; the primary key decides between two at once.
 * @param expiresAt machine time, ms, until which it must be remembered
 * @returns whether this was the first time
 */
export async function useAssertion(
  tx: EntityManager,
  channel: string,
  jtiSha256: string,
  expiresAt: number,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO assertion_ids (channel, jti, expires_at) VALUES ($1, $2, to_timestamp($3::float8 / 1000))
     ON CONFLICT DO NOTHING RETURNING 1`,
    [channel, jtiSha256, expiresAt],
  );
  return rows.length === 1;
}

/** Forgets a few that have expired: more than one each use, so that the table stays as small as its last minutes. */
export async function forgetExpiredAssertions(tx: EntityManager, now: number): Promise<void> {
  await tx.query(
    `DELETE FROM assertion_ids WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM assertion_ids WHERE expires_at < to_timestamp($1::float8 / 1000) LIMIT $2))`,
    [now, forgottenPerUse],
  );
}

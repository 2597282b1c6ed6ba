/** SQL of `oidc_payloads`: what the authorization server remembers, by model and id, until machine time `expires_at`. */
import type { EntityManager } from 'typeorm';

/** The payload, unless it has expired. */
export async function livePayload(
  tx: EntityManager,
  model: string,
  id: string,
  now: number,
): Promise<Record<string, unknown> | undefined> {
  const rows = await tx.query<{ payload: Record<string, unknown> }[]>(
    `SELECT payload FROM oidc_payloads
     WHERE model = $1 AND id = $2 AND expires_at > to_timestamp($3::float8 / 1000)`,
    [model, id, now],
  );
  return rows[0]?.payload;
}

/**
 * Stores a payload nobody stored before; the primary key decides between two processes at once.
 * @param expiresAt machine time, ms
 * @returns whether this was the first time
 */
export async function insertOnce(
  tx: EntityManager,
  model: string,
  id: string,
  payload: object,
  expiresAt: number,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO oidc_payloads (model, id, payload, expires_at)
     VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000))
     ON CONFLICT DO NOTHING RETURNING 1`,
    [model, id, JSON.stringify(payload), expiresAt],
  );
  return rows.length === 1;
}

/** Removes at most `limit` expired rows and says how many. */
export async function removeExpired(tx: EntityManager, now: number, limit: number): Promise<number> {
  const [, count] = await tx.query<[unknown, number]>(
    `DELETE FROM oidc_payloads WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM oidc_payloads WHERE expires_at <= to_timestamp($1::float8 / 1000) LIMIT $2))`,
    [now, limit],
  );
  return count;
}

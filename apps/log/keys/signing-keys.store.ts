/** SQL of the public halves of the keys this registry signs with. */
import type { EntityManager } from 'typeorm';
import type { SigningKeyRow } from './jwks.js';

/** Every key ever published, newest first: what an old key signed is still to be verified. */
export async function signingKeys(tx: EntityManager): Promise<readonly SigningKeyRow[]> {
  return await tx.query<SigningKeyRow[]>(
    `SELECT kid, purpose, kinds, jwk, from_size AS "fromSize",
            (extract(epoch FROM not_before) * 1000)::float8 AS "notBefore",
            (extract(epoch FROM expires_at) * 1000)::float8 AS "expiresAt",
            (extract(epoch FROM retired_at) * 1000)::float8 AS "retiredAt",
            (extract(epoch FROM revoked_at) * 1000)::float8 AS "revokedAt"
     FROM signing_keys ORDER BY entry_index DESC, kid`,
  );
}

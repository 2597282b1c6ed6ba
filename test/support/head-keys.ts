/** Head keys that a test database knows as published ones, and law, without the acts that would bring them there. */
import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { kindsOf, type ProcessName } from '#libs/journal/entry.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { pastGuards, type TestDatabase } from './database.js';

/** A fresh head key of this process, valid around the clock's sandbox year, as `key.published` would leave it. */
export async function publishedHeadKey(
  database: TestDatabase,
  app: ProcessName,
  kinds: readonly string[] = kindsOf[app],
): Promise<SigningKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(jwk);
  await pastGuards(
    database.superuser,
    `INSERT INTO signing_keys (kid, purpose, kinds, jwk, from_size, not_before, expires_at, entry_index)
     VALUES ($1, $2, $3, $4, 0, now() - interval '1 day', now() + interval '1 year', 0)`,
    [kid, `head/${app}`, kinds, JSON.stringify(jwk)],
  );
  return { kid, key: privateKey };
}

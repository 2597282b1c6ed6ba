/** Head keys that a test database knows as published ones, and law, without the acts that would bring them there. */
import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { EntityManager } from 'typeorm';
import { kindsOf, type ProcessName } from '#libs/journal/entry.js';
import type { PublishedHeadKey, PublishedHeadKeys } from '#libs/journal/proven-entry.js';
import type { HeadKey } from '#libs/journal/verify-head.js';
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

/** Head keys out of rows, for scenes that have rows and no acts. */
export async function headKeysInRows(tx: EntityManager): Promise<PublishedHeadKeys> {
  const rows: { jwk: HeadKey; purpose: string; kid: string; kinds: string[]; from: number; to: number }[] =
    await tx.query(
      `SELECT kid, purpose, kinds, jwk, (extract(epoch FROM not_before) * 1000)::float8 AS "from",
         (extract(epoch FROM least(expires_at, retired_at, revoked_at)) * 1000)::float8 AS "to"
       FROM signing_keys WHERE starts_with(purpose, 'head/')`,
    );
  return new Map(
    rows.map(({ kid, jwk, purpose, kinds, from, to }): [string, PublishedHeadKey] => {
      const life = { nbf: Math.floor(from / 1000), exp: Math.floor(to / 1000) };
      return [kid, { key: { ...jwk, kid, purpose, kinds, ...life }, notBefore: from, endsAt: to }];
    }),
  );
}

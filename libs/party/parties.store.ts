/**
 * SQL of `parties` and `party_keys`. Reads whole parties, keys included and retired ones too, because which key counts
 * is a rule of `party.ts` and depends on the instant it is asked for.
 */
import type { EntityManager } from 'typeorm';
import type { Party } from './party.js';

const select = `
SELECT p.client_id AS "clientId", p.kind, p.bin,
       json_build_object('kk', p.name_kk, 'ru', p.name_ru, 'en', p.name_en) AS names,
       p.scopes, p.resource, p.state,
       (extract(epoch FROM p.admitted_at) * 1000)::float8 AS "admittedAt",
       coalesce((
         SELECT json_agg(json_build_object(
                  'kid', k.kid, 'use', k.use, 'jwk', k.jwk, 'certSha256', k.cert_sha256,
                  'notBefore', (extract(epoch FROM k.not_before) * 1000)::float8,
                  'expiresAt', (extract(epoch FROM k.expires_at) * 1000)::float8,
                  'retiredAt', (extract(epoch FROM k.retired_at) * 1000)::float8
                ) ORDER BY k.not_before DESC, k.kid)
         FROM party_keys k WHERE k.client_id = p.client_id
       ), '[]') AS keys
FROM parties p`;

/** Every party in the order of client ids, suspended ones too. */
export async function allParties(tx: EntityManager): Promise<Party[]> {
  return await tx.query<Party[]>(`${select} ORDER BY p.client_id`);
}

/** The party, or undefined when nobody was admitted under this client id. */
export async function partyByClientId(tx: EntityManager, clientId: string): Promise<Party | undefined> {
  const rows = await tx.query<Party[]>(`${select} WHERE p.client_id = $1`, [clientId]);
  return rows[0];
}

/** Registry time in ms since the epoch, by which the validity of a party's keys is judged. */
export async function registryNow(tx: EntityManager): Promise<number> {
  const rows = await tx.query<{ now: number }[]>(
    'SELECT (extract(epoch FROM registry_now()) * 1000)::float8 AS now',
  );
  const row = rows[0];
  if (row === undefined) throw new Error('registry_now() gave no row');
  return row.now;
}

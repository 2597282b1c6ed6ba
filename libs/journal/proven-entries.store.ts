/** SQL of what proves an entry a fact: the part that holds it, and the head keys this registry has published. */
import type { EntityManager } from 'typeorm';
import type { PublishedHeadKey, PublishedHeadKeys, StoredPart } from './proven-entry.js';
import type { HeadKey } from './verify-head.js';

/** Columns of `entries` that `StoredEntry` needs, under their names; the table is called `e`. */
export const storedEntryColumns = `e.index, e.id AS uuid, e.kind, (extract(epoch FROM e.at) * 1000)::float8 AS at,
  e.entry AS text, e.seed, e.leaf_hash AS "leafHash"`;

/** The part whose head was signed for the entry at this index; undefined when there is none. */
export async function partOf(tx: EntityManager, index: number): Promise<StoredPart | undefined> {
  const rows: StoredPart[] = await tx.query(
    `SELECT h.from_size AS "fromSize", h.size, (extract(epoch FROM h.at) * 1000)::float8 AS at, h.root, h.jws,
       coalesce((SELECT frontier FROM heads p WHERE p.size = h.from_size), '') AS "frontierBefore",
       coalesce((SELECT c.origin FROM closed_logs c WHERE c.entry_index > $1 ORDER BY c.entry_index LIMIT 1),
         (SELECT origin FROM journal_head)) AS origin,
       ARRAY(SELECT leaf_hash FROM leaf_hashes(h.from_size, h.size)) AS "leafHashes"
     FROM (SELECT * FROM heads WHERE size > $1 ORDER BY size LIMIT 1) h WHERE h.from_size <= $1`,
    [index],
  );
  return rows[0];
}

/** The one place where the registry's head keys are read for judging entries: what stands here is believed. */
export async function publishedHeadKeys(tx: EntityManager): Promise<PublishedHeadKeys> {
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

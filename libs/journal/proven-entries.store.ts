/** SQL of what proves an entry a fact: the part that holds it. */
import type { EntityManager } from 'typeorm';
import type { StoredPart } from './proven-entry.js';

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

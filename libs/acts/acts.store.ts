/** SQL of the entries that change the registry, through a view that holds nothing else. */
import type { EntityManager } from 'typeorm';
import type { ActRow } from './belief.js';

/** Those in [from, to), in their order. */
export async function actsBetween(tx: EntityManager, from: number, to: number): Promise<readonly ActRow[]> {
  return tx.query<ActRow[]>(
    `SELECT index::float8 AS index, kind, (extract(epoch FROM at) * 1000)::float8 AS at, entry, seed
     FROM registry_openings WHERE index >= $1 AND index < $2 ORDER BY index`,
    [from, to],
  );
}

/** SQL of published checkpoints, as the log reads them. One that is signed and not published yet is nobody's to see. */
import type { EntityManager } from 'typeorm';
import type { PublishedCheckpoint } from './shown.js';

const columns = 'SELECT size, root, note FROM checkpoints WHERE published_at IS NOT NULL AND origin = $1';

/** The newest of a log; undefined before the first. */
export async function newestCheckpoint(
  tx: EntityManager,
  origin: string,
): Promise<PublishedCheckpoint | undefined> {
  const rows: PublishedCheckpoint[] = await tx.query(`${columns} ORDER BY size DESC LIMIT 1`, [origin]);
  return rows[0];
}

/** The one of this size, if the log published one. */
export async function checkpointOf(
  tx: EntityManager,
  origin: string,
  size: number,
): Promise<PublishedCheckpoint | undefined> {
  const rows: PublishedCheckpoint[] = await tx.query(`${columns} AND size = $2`, [origin, size]);
  return rows[0];
}

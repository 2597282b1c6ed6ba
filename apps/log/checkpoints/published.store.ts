/** SQL of published checkpoints, as the log reads them. One that is signed and not published yet is nobody's to see. */
import type { EntityManager } from 'typeorm';

/** A checkpoint as it is served. */
export interface PublishedCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

const columns = 'SELECT size, root, note FROM checkpoints WHERE published_at IS NOT NULL';

/** The newest; undefined before the first. */
export async function newestCheckpoint(tx: EntityManager): Promise<PublishedCheckpoint | undefined> {
  const rows: PublishedCheckpoint[] = await tx.query(`${columns} ORDER BY size DESC LIMIT 1`);
  return rows[0];
}

/** The one of this size, if one was published. */
export async function checkpointOf(
  tx: EntityManager,
  size: number,
): Promise<PublishedCheckpoint | undefined> {
  const rows: PublishedCheckpoint[] = await tx.query(`${columns} AND size = $1`, [size]);
  return rows[0];
}

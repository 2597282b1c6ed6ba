/** SQL of the signer: leaf hashes in order, and checkpoints, one per size for good. It can see no entry and no person. */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import { frontierFromBytes, type Frontier } from '#libs/tlog/tree.js';

export interface SignedCheckpoint {
  readonly size: number;
  readonly origin: string;
  readonly root: Buffer;
  /** The signed note, as served. */
  readonly note: string;
}

/** Hashes of the leaves from `from` on, at most `limit` and none at or beyond `to`. */
export async function leafHashes(
  tx: EntityManager,
  range: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<readonly Buffer[]> {
  const end = Math.min(range.to, range.from + range.limit);
  const rows: { index: number; leaf_hash: Buffer }[] = await tx.query(
    'SELECT index, leaf_hash FROM entries WHERE index >= $1 AND index < $2 ORDER BY index',
    [range.from, end],
  );
  assert(
    rows.length === end - range.from && rows.every(({ index }, place) => index === range.from + place),
    'entries are missing below the head',
  );
  return rows.map((row) => row.leaf_hash);
}

/** What was published last; undefined before the first. */
export async function newestCheckpoint(tx: EntityManager): Promise<SignedCheckpoint | undefined> {
  const rows: SignedCheckpoint[] = await tx.query(
    'SELECT size, origin, root, note FROM checkpoints ORDER BY size DESC LIMIT 1',
  );
  return rows[0];
}

/** The frontier that was committed at this size, if that head is still kept. */
export async function frontierAt(tx: EntityManager, size: number): Promise<Frontier | undefined> {
  const rows: { frontier: Buffer }[] = await tx.query('SELECT frontier FROM heads WHERE size = $1', [size]);
  return rows[0] && frontierFromBytes(size, rows[0].frontier);
}

/**
 * Publishes a checkpoint; for a size that has one already, only its time is renewed.
 * @returns false when this size was published with another root: the compare-and-swap that keeps us to one history.
 */
export async function publishCheckpoint(tx: EntityManager, checkpoint: SignedCheckpoint): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `INSERT INTO checkpoints AS c (size, origin, root, note, signed_at) VALUES ($1, $2, $3, $4, registry_now())
     ON CONFLICT (size) DO UPDATE SET signed_at = greatest(c.signed_at, excluded.signed_at)
       WHERE c.origin = excluded.origin AND c.root = excluded.root
     RETURNING 1`,
    [checkpoint.size, checkpoint.origin, checkpoint.root, checkpoint.note],
  );
  return rows.length === 1;
}

/** SQL of the leaves: what the tree holds of each entry, also of an erased one. No entry and no person. */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';

export interface LeafRow {
  readonly index: number;
  readonly leafHash: Buffer;
  readonly commitment: Buffer;
}

/**
 * The leaves from `from` on, at most `limit` and none at or beyond `to`.
 * @throws when one is missing.
 */
export async function leavesOf(
  tx: EntityManager,
  range: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<readonly LeafRow[]> {
  const end = Math.min(range.to, range.from + range.limit);
  const rows: LeafRow[] = await tx.query(
    `SELECT index, leaf_hash AS "leafHash", commitment FROM entries WHERE index >= $1 AND index < $2 ORDER BY index`,
    [range.from, end],
  );
  assert(
    rows.length === end - range.from && rows.every(({ index }, place) => index === range.from + place),
    'entries are missing below the head',
  );
  return rows;
}

/**
 * Proofs from tiles. Every hash of a proof of RFC 9162 §2.1.3 and §2.1.4 is the root of a run of leaves D[start:end];
 * a run splits into perfect subtrees, largest first, and a perfect subtree of height 8·l + r is the root of 2^r
 * neighbouring hashes of one tile of level l. So any proof comes from the few tiles above its leaf and at the right
 * edge, in the widths they have in the tree of the newer size.
 *
 * What tiles say is not believed: whoever makes a proof here checks it against a signed root before handing it out.
 */
import assert from 'node:assert/strict';
import { tileWith, tileWidth, type TileAt } from './tile.js';
import { appendLeaves, emptyFrontier, emptyRoot, hashLength, nodeHash, rootOf, splitHashes } from './tree.js';

/** The bytes of a hash tile in the width that is asked for. @throws whatever says that it is not there. */
export type ReadTile = (at: TileAt) => Promise<Buffer>;

/** Leaves D[start:end]. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** Hash `index` of level 0. */
export async function leafHashAt(read: ReadTile, index: number, size: number): Promise<Buffer> {
  return perfectRoot(read, { start: index, end: index + 1 }, size);
}

/** The root of the tree of `size` leaves, as its tiles have it. */
export async function treeRoot(read: ReadTile, size: number): Promise<Buffer> {
  return size === 0 ? emptyRoot : runRoot(once(read), { start: 0, end: size }, size);
}

/** The inclusion proof of leaf `index` in the tree of `size` leaves, leaf's sibling first. */
export async function inclusionProof(read: ReadTile, index: number, size: number): Promise<Buffer[]> {
  assert(isCount(index) && isCount(size) && index < size, 'an index lies below the size');
  const runs: Run[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    runs.push(index < middle ? { start: middle, end } : { start, end: middle });
    [start, end] = index < middle ? [start, middle] : [middle, end];
  }
  return rootsOf(read, runs.toReversed(), size);
}

/** The proof that the tree of `newSize` leaves begins with that of `oldSize`; empty for the empty tree and for itself. */
export async function consistencyProof(read: ReadTile, oldSize: number, newSize: number): Promise<Buffer[]> {
  assert(isCount(oldSize) && isCount(newSize) && oldSize <= newSize, 'a tree does not shrink');
  if (oldSize === 0 || oldSize === newSize) return [];
  const runs: Run[] = [];
  let [start, end] = [0, newSize];
  while (end !== oldSize) {
    const middle = start + splitOf(end - start);
    runs.push(oldSize <= middle ? { start: middle, end } : { start, end: middle });
    [start, end] = oldSize <= middle ? [start, middle] : [middle, end];
  }
  // The old tree as a whole is known to who asks; a subtree at its end is not.
  if (start > 0) runs.push({ start, end });
  return rootsOf(read, runs.toReversed(), newSize);
}

async function rootsOf(read: ReadTile, runs: readonly Run[], size: number): Promise<Buffer[]> {
  const reader = once(read);
  return Promise.all(runs.map((run) => runRoot(reader, run, size)));
}

/** MTH(D[start:end]); `start` is a multiple of the largest power of two below the length, as in every proof. */
async function runRoot(read: ReadTile, { start, end }: Run, size: number): Promise<Buffer> {
  const parts: Promise<Buffer>[] = [];
  for (let at = start; at < end;) {
    const length = largestPowerWithin(end - at);
    parts.push(perfectRoot(read, { start: at, end: at + length }, size));
    at += length;
  }
  return (await Promise.all(parts)).reduceRight((right, left) => nodeHash(left, right));
}

/** The root of a perfect subtree: 2^r neighbouring hashes of one tile, hashed together. */
async function perfectRoot(read: ReadTile, { start, end }: Run, size: number): Promise<Buffer> {
  let [level, unit] = [0, 1];
  // A whole tile is one hash of the level above, and that level has it as soon as the tile is full.
  while (unit * tileWidth <= end - start) [level, unit] = [level + 1, unit * tileWidth];
  const first = start / unit;
  const tile = tileWith(level, first, size);
  const bytes = await read(tile);
  assert(bytes.length === tile.width * hashLength, 'a tile has the width of its name');
  const from = first - tile.index * tileWidth;
  const hashes = splitHashes(bytes).slice(from, from + (end - start) / unit);
  return rootOf(appendLeaves(emptyFrontier, hashes));
}

/** A reader that reads each tile once. */
function once(read: ReadTile): ReadTile {
  const reads = new Map<string, Promise<Buffer>>();
  return (at) => {
    const key = `${at.level}/${at.index}`;
    const reading = reads.get(key) ?? read(at);
    reads.set(key, reading);
    return reading;
  };
}

/** The largest power of two smaller than n. */
function splitOf(n: number): number {
  const power = largestPowerWithin(n);
  return power === n ? n / 2 : power;
}

/** The largest power of two that is not larger than n. */
function largestPowerWithin(n: number): number {
  let power = 1;
  while (power * 2 <= n) power *= 2;
  return power;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

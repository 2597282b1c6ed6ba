/** The definitions of RFC 9162 §2.1.1, §2.1.3.1 and §2.1.4.1 word for word: slow, and plainly right. */
import { emptyRoot, leafHash, nodeHash } from '#libs/tlog/tree.js';

/** The largest power of two smaller than n. */
function splitOf(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH(D[n]), from leaf hashes. */
export function naiveRoot(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leaves[0] as Buffer;
  const k = splitOf(leaves.length);
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D[n]) */
export function naivePath(m: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** SUBPROOF(m, D[n], whole); PROOF(m, D[n]) is the one of the whole. */
export function naiveConsistency(m: number, leaves: Buffer[], whole = true): Buffer[] {
  const n = leaves.length;
  if (m === n) return whole ? [] : [naiveRoot(leaves)];
  const k = splitOf(n);
  return m <= k
    ? [...naiveConsistency(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveConsistency(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

/** Leaves of four bytes, big-endian from 0 on. */
export function numberedLeaf(at: number): Buffer {
  const leaf = Buffer.alloc(4);
  leaf.writeUInt32BE(at);
  return leaf;
}

/** The hashes of the first `count` numbered leaves. */
export function numberedHashes(count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => leafHash(numberedLeaf(at)));
}

/**
 * Proofs of RFC 9162 §2.1.3 and §2.1.4: that a leaf is in a tree, and that one tree is the beginning of another.
 *
 * The inclusion proof of leaf m in a tree of n leaves is, from the leaf upwards, the hash of the other child at each
 * node on its way to the root. With k the largest power of two smaller than n,
 *
 *     path(0, {d[0]}) = []
 *     path(m, D[n])   = path(m, D[0:k])   ‖ root(D[k:n])   if m < k
 *     path(m, D[n])   = path(m-k, D[k:n]) ‖ root(D[0:k])   otherwise
 *
 * For leaf 4 of 7:  root = node(node(…0–3), node(node(4, 5), 6)), so path = [leaf 5, leaf 6, root of 0–3].
 * A verifier accepts exactly one length of proof for an (index, size), or a shorter tree could pose as a longer one.
 */
import assert from 'node:assert/strict';
import { emptyRoot, hashLength, nodeHash, type Frontier } from './tree.js';

/** One level of the growing tree, counted from the leaves: the nodes that the proof of a new leaf can need. */
interface Level {
  /** From a left child on up to the right edge, whose last node may stand for fewer leaves than a full subtree. */
  readonly nodes: readonly Buffer[];
  /** How many of them, 0 or 1, the frontier brought: a full left child that waited for the new leaves. */
  readonly waited: number;
}

/**
 * The inclusion proof of each new leaf in the tree of `before.size + leafHashes.length` leaves, from the frontier
 * alone: every node above new leaves is hashed once, n + 2 log₂(size) hashes for n leaves.
 */
export function batchProofs(before: Frontier, leafHashes: readonly Buffer[]): Buffer[][] {
  const levels = levelsOf(before, leafHashes);
  return leafHashes.map((_, at) => {
    const proof: Buffer[] = [];
    let place = at;
    for (const { nodes, waited } of levels) {
      place += waited;
      // Rows begin with a left child, so siblings differ in the last bit. A right edge without a sibling moves up
      // unchanged, and so does its proof.
      const sibling = nodes[place ^ 1];
      if (sibling) proof.push(sibling);
      place >>= 1;
    }
    return proof;
  });
}

/**
 * The root that a leaf and its inclusion proof lead to (RFC 9162 §2.1.3.2).
 * @throws Error when `index` is not below `size`, a hash has not 32 bytes, or the proof has not exactly the length that
 * both demand.
 */
export function inclusionRoot(
  leafHash: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
): Buffer {
  assert(isCount(index) && isCount(size) && index < size, 'an index lies below the size');
  // A tree of one leaf hashes nothing, so what is no hash would be its own root.
  assert(leafHash.length === hashLength, 'a leaf hash has 32 bytes');
  let [node, last] = [index, size - 1];
  let root = leafHash;
  for (const hash of proof) {
    assert(last > 0, 'the proof is too long');
    if (node % 2 === 1 || node === last) {
      root = nodeHash(hash, root);
      while (node % 2 === 0 && node > 0) [node, last] = [node / 2, half(last)];
    } else {
      root = nodeHash(root, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  assert(last === 0, 'the proof is too short');
  return root;
}

/** Whether the leaf lies at `index` in the tree of `size` leaves that has this root. Never throws. */
export function verifyInclusion(
  leafHash: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  try {
    return inclusionRoot(leafHash, index, size, proof).equals(root);
  } catch {
    return false;
  }
}

/**
 * Whether the tree (`newSize`, `newRoot`) begins with the tree (`oldSize`, `oldRoot`), by RFC 9162 §2.1.4.2. Every
 * tree begins with the empty one and with itself, both shown by an empty proof. Never throws.
 */
export function verifyConsistency(
  oldSize: number,
  oldRoot: Buffer,
  newSize: number,
  newRoot: Buffer,
  proof: readonly Buffer[],
): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (oldRoot.length !== hashLength || newRoot.length !== hashLength) return false;
  if (proof.some((hash) => hash.length !== hashLength)) return false;
  if (newSize === 0 && !newRoot.equals(emptyRoot)) return false;
  if (oldSize === 0) return proof.length === 0 && oldRoot.equals(emptyRoot);
  if (oldSize === newSize) return proof.length === 0 && oldRoot.equals(newRoot);

  let [node, last] = [oldSize - 1, newSize - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // When the old size is a power of two the old root is itself the first subtree, so the proof leaves it out.
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof;
  if (!first || first.length !== hashLength) return false;

  let [oldHash, newHash] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(hash, oldHash);
      newHash = nodeHash(hash, newHash);
      while (node % 2 === 0 && node > 0) [node, last] = [node / 2, half(last)];
    } else {
      newHash = nodeHash(newHash, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && oldHash.equals(oldRoot) && newHash.equals(newRoot);
}

/** Every level below the root of the grown tree. */
function levelsOf(before: Frontier, leafHashes: readonly Buffer[]): Level[] {
  const frontier = [...before.hashes];
  const levels: Level[] = [];
  let fresh: readonly Buffer[] = leafHashes;
  let edge: Buffer | undefined;
  for (let [start, end] = [before.size, before.size + leafHashes.length]; end + (edge ? 1 : 0) > 1;) {
    // An odd start means that a subtree of this level was already full and waits in the frontier for its twin.
    const waiting = start % 2 === 1 ? frontier.pop() : undefined;
    assert(start % 2 === 0 || waiting, 'the frontier has fewer hashes than its size says');
    const full = waiting ? [waiting, ...fresh] : fresh;
    levels.push({ nodes: edge ? [...full, edge] : full, waited: waiting ? 1 : 0 });

    const unpaired = end % 2 === 1 ? full[full.length - 1] : undefined;
    if (unpaired) edge = edge ? nodeHash(unpaired, edge) : unpaired;
    fresh = joinPairs(full);
    [start, end] = [half(start), half(end)];
  }
  return levels;
}

/** The parents of a row of nodes that begins with a left child; an unpaired last one has none yet. */
function joinPairs(row: readonly Buffer[]): Buffer[] {
  const parents: Buffer[] = [];
  let left: Buffer | undefined;
  for (const node of row) {
    if (left) parents.push(nodeHash(left, node));
    left = left ? undefined : node;
  }
  return parents;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

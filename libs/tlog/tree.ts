/**
 * The Merkle tree of RFC 6962 / RFC 9162 §2.1, kept as its frontier: what must be remembered to append.
 *
 * Leaves d[0] … d[n-1] hash to one root. With k the largest power of two smaller than n,
 *
 *     root({})     = SHA-256("")
 *     root({d[0]}) = SHA-256(0x00 ‖ d[0])
 *     root(D[n])   = SHA-256(0x01 ‖ root(D[0:k]) ‖ root(D[k:n]))
 *
 * The different first bytes keep a leaf from posing as a node. A perfect subtree never changes once it is full, so
 * a tree of n leaves is wholly described, for appending, by the roots of the perfect subtrees that n's binary
 * digits name, largest first. For n = 13 = 8 + 4 + 1:
 *
 *             root
 *           /      \
 *          A        *        A holds leaves 0–7
 *                  / \       B holds leaves 8–11
 *                 B   C      C is leaf 12
 *
 * the frontier is [A, B, C], and root = node(A, node(B, C)). Sizes and indexes fit 2^53, hence no bit operators.
 */
import assert from 'node:assert/strict';
import { createHash, hash } from 'node:crypto';

/** A tree of `size` leaves: the roots of its perfect subtrees, 32 bytes each, largest first. */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Buffer[];
}

/** Length in bytes of every hash here. */
export const hashLength = 32;

/** root({}) = SHA-256("") */
export const emptyRoot: Buffer = createHash('sha256').digest();

/** The tree without leaves. */
export const emptyFrontier: Frontier = { size: 0, hashes: [] };

const leafPrefix = Buffer.of(0x00);
const nodePrefix = Buffer.of(0x01);

/** SHA-256(0x00 ‖ leaf) */
export function leafHash(leaf: Buffer): Buffer {
  return hash('sha256', Buffer.concat([leafPrefix, leaf]), 'buffer');
}

/** SHA-256(0x01 ‖ left ‖ right); both sides are hashes of 32 bytes. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  assert(left.length === hashLength && right.length === hashLength, 'a node joins two hashes');
  return hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');
}

/** The tree after appending leaves whose hashes these are, in order. The frontier given is left as it was. */
export function appendLeaves(before: Frontier, leafHashes: readonly Buffer[]): Frontier {
  const hashes = [...before.hashes];
  let size = before.size;
  for (const leaf of leafHashes) {
    assert(leaf.length === hashLength, 'a leaf hash has 32 bytes');
    // Adding one carries through the trailing ones of the size: each is a full subtree whose right twin is now full.
    let right = leaf;
    for (let digits = size; digits % 2 === 1; digits = (digits - 1) / 2)
      right = nodeHash(popLast(hashes), right);
    hashes.push(right);
    size += 1;
  }
  return { size: checkedSize(size), hashes };
}

/** root(D[n]): the subtrees of the frontier joined from the smallest to the largest; `emptyRoot` without leaves. */
export function rootOf(frontier: Frontier): Buffer {
  return frontier.hashes.length === 0
    ? emptyRoot
    : frontier.hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The hashes of a frontier one after the other, 32 bytes each; the size is kept beside them. */
export function frontierToBytes(frontier: Frontier): Buffer {
  return Buffer.concat(frontier.hashes);
}

/**
 * A frontier from its size and `frontierToBytes`.
 * @throws Error when the number of hashes is not the number of ones in `size`.
 */
export function frontierFromBytes(size: number, bytes: Buffer): Frontier {
  const expected = subtreeCount(checkedSize(size));
  assert(bytes.length === expected * hashLength, `a frontier of ${size} leaves has ${expected} hashes`);
  return { size, hashes: splitHashes(bytes) };
}

/**
 * Bytes cut into hashes of 32; they share the memory of `bytes`.
 * @throws Error when the length is not a multiple of 32.
 */
export function splitHashes(bytes: Buffer): Buffer[] {
  assert(bytes.length % hashLength === 0, 'hashes have 32 bytes each');
  return Array.from({ length: bytes.length / hashLength }, (_, at) =>
    bytes.subarray(at * hashLength, (at + 1) * hashLength),
  );
}

/** The ones among the binary digits of `size`: so many perfect subtrees make up the tree. */
function subtreeCount(size: number): number {
  let ones = 0;
  for (let digits = size; digits > 0; digits = Math.floor(digits / 2)) ones += digits % 2;
  return ones;
}

function checkedSize(size: number): number {
  assert(Number.isSafeInteger(size) && size >= 0, 'a size is a whole number below 2^53');
  return size;
}

function popLast(hashes: Buffer[]): Buffer {
  const last = hashes.pop();
  assert(last, 'the frontier has fewer hashes than its size says');
  return last;
}

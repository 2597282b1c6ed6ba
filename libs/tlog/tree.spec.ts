import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  appendLeaves,
  emptyFrontier,
  emptyRoot,
  frontierFromBytes,
  frontierToBytes,
  leafHash,
  nodeHash,
  rootOf,
  splitHashes,
} from './tree.js';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const leaves = Array.from({ length: 13 }, (_, at) => leafHash(Buffer.of(at)));
const thirteen = appendLeaves(emptyFrontier, leaves);

describe('the tree', () => {
  it('hashes leaves and nodes with different first bytes, so that neither can pose as the other', () => {
    const [l, r] = [sha256(Buffer.of(1)), sha256(Buffer.of(2))];
    expect(leafHash(Buffer.of(5))).toEqual(sha256(Buffer.of(0, 5)));
    expect(nodeHash(l, r)).toEqual(sha256(Buffer.concat([Buffer.of(1), l, r])));
    expect(leafHash(Buffer.concat([l, r]))).not.toEqual(nodeHash(l, r));
  });

  it('joins nothing but whole hashes', () => {
    const whole = sha256(Buffer.of(1));
    expect(() => nodeHash(whole.subarray(1), whole)).toThrow('two hashes');
    expect(() => nodeHash(whole, Buffer.concat([whole, whole]))).toThrow('two hashes');
    expect(() => splitHashes(Buffer.alloc(33))).toThrow('32 bytes');
    expect(splitHashes(Buffer.concat([whole, whole]))).toEqual([whole, whole]);
  });

  it('without leaves has the hash of nothing as its root', () => {
    expect(rootOf(emptyFrontier).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(emptyRoot).toEqual(sha256(Buffer.alloc(0)));
  });

  it('of thirteen leaves is the worked example: subtrees of 8, 4 and 1', () => {
    expect(thirteen.hashes).toHaveLength(3);
    const [a, b, c] = [0, 8, 12].map((from, at) =>
      rootOf(appendLeaves(emptyFrontier, leaves.slice(from, from + (8 >> at)))),
    ) as [Buffer, Buffer, Buffer];
    expect(thirteen.hashes).toEqual([a, b, leaves[12]]);
    expect(rootOf(thirteen)).toEqual(nodeHash(a, nodeHash(b, c)));
  });

  it('grows the same in one step or in many, and leaves the frontier it grew from alone', () => {
    const five = appendLeaves(emptyFrontier, leaves.slice(0, 5));
    const kept = [...five.hashes];
    expect(appendLeaves(five, leaves.slice(5))).toEqual(thirteen);
    expect(five.hashes).toEqual(kept);
    expect(emptyFrontier).toEqual({ size: 0, hashes: [] });
  });
});

describe('a stored frontier', () => {
  it('comes back as it was', () => {
    expect(frontierFromBytes(13, frontierToBytes(thirteen))).toEqual(thirteen);
    expect(frontierFromBytes(0, Buffer.alloc(0))).toEqual(emptyFrontier);
  });

  it.each([
    ['a hash too few', 13, 64],
    ['a hash too many', 13, 128],
    ['half a hash', 13, 95],
    ['hashes of no leaf', 0, 32],
    ['a negative size', -1, 0],
    ['a size beyond 2^53', 2 ** 53, 32],
  ])('is refused with %s', (_, size, length) => {
    expect(() => frontierFromBytes(size, Buffer.alloc(length))).toThrow();
  });

  it('with fewer hashes than its size demands does not grow', () => {
    expect(() => appendLeaves({ size: 3, hashes: [] }, leaves.slice(0, 1))).toThrow('fewer hashes');
  });

  it('of a tree beyond 2^32 leaves has a hash for each binary one of its size', () => {
    expect(frontierFromBytes(2 ** 52 + 2 ** 33 + 1, Buffer.alloc(96)).hashes).toHaveLength(3);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  naiveConsistency,
  naivePath,
  naiveRoot,
  numberedHashes,
  numberedLeaf,
} from '../../test/support/naive-tree.js';
import { batchProofs, inclusionRoot, verifyConsistency, verifyInclusion } from './proof.js';
import { appendLeaves, emptyFrontier, emptyRoot, leafHash, nodeHash, rootOf } from './tree.js';

interface Vectors {
  leavesHex: string[];
  rootsHex: string[];
  inclusion: { index: number; size: number; pathHex: string[] }[];
  big: { leaf: string; roots: Record<string, string> };
}
const vectors = JSON.parse(readFileSync('test/vectors/tlog-vectors.json', 'utf8')) as Vectors;
const seed = Number(process.env['FAST_CHECK_SEED'] ?? randomInt(2 ** 31));
const runs = { seed, numRuns: 150 };

const hex = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('hex'));

describe('the published vectors', () => {
  const hashes = vectors.leavesHex.map((leaf) => leafHash(Buffer.from(leaf, 'hex')));

  it('give every root from no leaf to eight', () => {
    expect(vectors.rootsHex).toHaveLength(9);
    vectors.rootsHex.forEach((root, size) =>
      expect(rootOf(appendLeaves(emptyFrontier, hashes.slice(0, size))).toString('hex')).toBe(root),
    );
  });

  it.each(vectors.inclusion)('prove leaf $index in a tree of $size', ({ index, size, pathHex }) => {
    const path = pathHex.map((hash) => Buffer.from(hash, 'hex'));
    const leaf = hashes[index] as Buffer;
    expect(inclusionRoot(leaf, index, size, path).toString('hex')).toBe(vectors.rootsHex[size]);
    // The same proof comes out whichever commit brought the leaf.
    for (let before = 0; before <= index; before += 1) {
      const proofs = batchProofs(
        appendLeaves(emptyFrontier, hashes.slice(0, before)),
        hashes.slice(before, size),
      );
      expect(hex(proofs[index - before] ?? [])).toEqual(pathHex);
    }
  });

  it.each(Object.entries(vectors.big.roots))('give the root of %s numbered leaves', (size, root) => {
    expect(rootOf(appendLeaves(emptyFrontier, numberedHashes(Number(size)))).toString('hex')).toBe(root);
  });
});

describe(`against the definitions of RFC 9162 (seed ${seed})`, () => {
  const sizes = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 130 }));

  it('a root and every proof of a batch are those of the whole tree', () => {
    fc.assert(
      fc.property(sizes, ([before, added]) => {
        const leaves = numberedHashes(before + added);
        const frontier = appendLeaves(emptyFrontier, leaves.slice(0, before));
        const root = naiveRoot(leaves);
        expect(rootOf(appendLeaves(frontier, leaves.slice(before))).equals(root)).toBe(true);
        batchProofs(frontier, leaves.slice(before)).forEach((proof, at) => {
          expect(hex(proof)).toEqual(hex(naivePath(before + at, leaves)));
          expect(
            verifyInclusion(leaves[before + at] as Buffer, before + at, leaves.length, proof, root),
          ).toBe(true);
        });
      }),
      { ...runs, numRuns: 60 },
    );
  });

  it('an inclusion proof with any hash, length, place or size changed leads elsewhere', () => {
    const cases = fc.integer({ min: 1, max: 200 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        index: fc.integer({ min: 0, max: size - 1 }),
        where: fc.nat(),
        bit: fc.nat(255),
      }),
    );
    fc.assert(
      fc.property(cases, ({ size, index, where, bit }) => {
        const leaves = numberedHashes(size);
        const [root, leaf, proof] = [naiveRoot(leaves), leaves[index] as Buffer, naivePath(index, leaves)];
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        const bent = proof.map((hash, at) => (at === where % proof.length ? flipped(hash, bit) : hash));
        if (size > 1) expect(verifyInclusion(leaf, index, size, bent, root)).toBe(false);
        expect(verifyInclusion(flipped(leaf, bit), index, size, proof, root)).toBe(false);
        expect(() => inclusionRoot(leaf, index, size, [...proof, leaf])).toThrow('too long');
        if (size > 1) expect(() => inclusionRoot(leaf, index, size, proof.slice(1))).toThrow('too short');
        if (size > 1) expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
        if (size > 1) expect(verifyInclusion(leaf, index, size, proof.slice(0, -1), root)).toBe(false);
        for (let other = 0; other < size; other += 1)
          if (other !== index) expect(verifyInclusion(leaf, other, size, proof, root)).toBe(false);
      }),
      { ...runs, numRuns: 40 },
    );
  });

  it('a tree begins with each of its beginnings and with no other', () => {
    const cases = fc.integer({ min: 1, max: 150 }).chain((size) =>
      fc.record({
        newSize: fc.constant(size),
        oldSize: fc.integer({ min: 1, max: size }),
        where: fc.nat(),
        bit: fc.nat(255),
      }),
    );
    fc.assert(
      fc.property(cases, ({ oldSize, newSize, where, bit }) => {
        const leaves = numberedHashes(newSize);
        const [oldRoot, newRoot] = [naiveRoot(leaves.slice(0, oldSize)), naiveRoot(leaves)];
        const proof = naiveConsistency(oldSize, leaves);
        const holds = (
          of: Partial<{ oldSize: number; oldRoot: Buffer; newRoot: Buffer; proof: Buffer[] }>,
        ) => {
          const all = { oldSize, oldRoot, newRoot, proof, ...of };
          return verifyConsistency(all.oldSize, all.oldRoot, newSize, all.newRoot, all.proof);
        };
        expect(holds({})).toBe(true);
        expect(holds({ oldRoot: flipped(oldRoot, bit) })).toBe(false);
        expect(holds({ newRoot: flipped(newRoot, bit) })).toBe(false);
        expect(holds({ proof: [...proof, newRoot] })).toBe(false);
        if (proof.length === 0) return;
        expect(holds({ proof: proof.slice(0, -1) })).toBe(false);
        expect(
          holds({
            proof: proof.map((hash, at) => (at === where % proof.length ? flipped(hash, bit) : hash)),
          }),
        ).toBe(false);
      }),
      runs,
    );
  });
});

describe('a proof', () => {
  const leaf = leafHash(numberedLeaf(0));

  it.each([
    ['an index at the size', 1, 1],
    ['a negative index', -1, 1],
    ['an index that is no whole number', 0.5, 1],
    ['an index that is not a number', Number.NaN, 1],
    ['an empty tree', 0, 0],
    ['a size beyond 2^53', 0, 2 ** 53],
  ])('is refused for %s', (_, index, size) => {
    expect(() => inclusionRoot(leaf, index, size, [])).toThrow('an index lies below the size');
    expect(verifyInclusion(leaf, index, size, [], leaf)).toBe(false);
  });

  it('of a short hash is refused rather than hashed', () => {
    expect(verifyInclusion(leaf, 0, 2, [leaf.subarray(1)], leaf)).toBe(false);
    expect(verifyConsistency(1, leaf, 2, nodeHash(leaf, leaf), [leaf.subarray(1)])).toBe(false);
  });

  it.each([0, 1, 31, 33, 64])('of a leaf, a root or a sibling of %i bytes holds nowhere', (length) => {
    const odd = Buffer.alloc(length);
    const pair = nodeHash(leaf, leaf);
    expect(() => inclusionRoot(odd, 0, 1, [])).toThrow('32 bytes');
    expect(() => appendLeaves(emptyFrontier, [odd])).toThrow('32 bytes');
    expect([
      verifyInclusion(odd, 0, 1, [], odd),
      verifyInclusion(leaf, 0, 1, [], odd),
      verifyInclusion(odd, 0, 2, [leaf], pair),
      verifyInclusion(leaf, 0, 2, [odd], pair),
      verifyConsistency(1, odd, 1, odd, []),
      verifyConsistency(1, leaf, 1, odd, []),
      verifyConsistency(0, odd, 1, leaf, []),
      verifyConsistency(0, odd, 0, odd, []),
      verifyConsistency(1, odd, 2, pair, [leaf]),
      verifyConsistency(1, leaf, 2, odd, [leaf]),
      verifyConsistency(1, leaf, 2, pair, [odd]),
    ]).toEqual(Array(11).fill(false));
  });

  it.each([-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 64])(
    'of a size or an index of %d holds nowhere',
    (odd) => {
      expect([
        verifyInclusion(leaf, odd, 1, [], leaf),
        verifyInclusion(leaf, 0, odd, [], leaf),
        verifyInclusion(leaf, odd, odd, [], leaf),
        verifyConsistency(odd, leaf, 1, leaf, []),
        verifyConsistency(odd, leaf, odd, leaf, []),
        verifyConsistency(0, emptyRoot, odd, leaf, []),
      ]).toEqual(Array(6).fill(false));
    },
  );

  it('holds for sizes past 2^32, where bit operators would not', () => {
    const size = 2 ** 40 + 1;
    const left = leafHash(numberedLeaf(7));
    expect(inclusionRoot(leaf, size - 1, size, [left])).toEqual(nodeHash(left, leaf));
    const frontier = { size: 2 ** 40, hashes: [left] };
    expect(batchProofs(frontier, [leaf])).toEqual([[left]]);
    expect(rootOf(appendLeaves(frontier, [leaf]))).toEqual(nodeHash(left, leaf));
  });

  it('of consistency with the empty tree says nothing but that it was empty', () => {
    expect(verifyConsistency(0, emptyRoot, 1, leaf, [])).toBe(true);
    expect(verifyConsistency(0, emptyRoot, 0, emptyRoot, [])).toBe(true);
    expect(verifyConsistency(0, leaf, 1, leaf, [])).toBe(false);
    expect(verifyConsistency(0, emptyRoot, 0, leaf, [])).toBe(false);
    expect(verifyConsistency(0, emptyRoot, 1, leaf, [leaf])).toBe(false);
  });

  it('of consistency without hashes or with short ones is refused and never thrown at', () => {
    const three = rootOf(appendLeaves(emptyFrontier, numberedHashes(3)));
    expect(verifyConsistency(3, three, 4, leaf, [])).toBe(false);
    expect(verifyConsistency(1, leaf.subarray(1), 2, nodeHash(leaf, leaf), [leaf])).toBe(false);
    expect(verifyConsistency(1, leaf, 2, leaf.subarray(1), [leaf])).toBe(false);
  });

  it('of consistency never runs backwards', () => {
    expect(verifyConsistency(2, leaf, 1, leaf, [])).toBe(false);
    expect(verifyConsistency(2, nodeHash(leaf, leaf), 1, leaf, [])).toBe(false);
    expect(verifyConsistency(1, leaf, 1, leafHash(numberedLeaf(1)), [])).toBe(false);
  });

  it('of a batch is not made from a frontier that has fewer hashes than its size says', () => {
    expect(() => batchProofs({ size: 3, hashes: [leaf] }, [leaf])).toThrow('fewer hashes');
  });

  it('of a batch needs no leaf of the past, and a batch of none needs no proof', () => {
    expect(batchProofs(appendLeaves(emptyFrontier, numberedHashes(5)), [])).toEqual([]);
  });
});

function flipped(hash: Buffer, bit: number): Buffer {
  const copy = Buffer.from(hash);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

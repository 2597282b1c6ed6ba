import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import {
  naiveConsistency,
  naivePath,
  naiveRoot,
  numberedHashes,
  numberedLeaf,
} from '../../test/support/naive-tree.js';
import { edgeFrom, edgeFrontier, edgeRoot, emptyEdge, growEdge, partialFiles } from './tile-building.js';
import type { Edge } from './tile-building.js';
import { consistencyProof, inclusionProof, leafHashAt, treeRoot } from './tile-reading.js';
import { parseTilePath, readBundle, tilePath, type TileAt } from './tile.js';
import { appendLeaves, emptyFrontier, emptyRoot, leafHash, rootOf } from './tree.js';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? randomInt(2 ** 31));
const runs = { seed, numRuns: 40 };
const all = numberedHashes(1200);

/** Every file of a log that published each of these sizes. */
function publish(sizes: readonly number[]): { files: Map<string, Buffer>; edge: Edge } {
  const files = new Map<string, Buffer>();
  let edge = emptyEdge;
  for (const size of sizes) {
    const leaves = Array.from({ length: size - edge.size }, (_, at) => numberedLeaf(edge.size + at));
    const grown = growEdge(edge, leaves);
    edge = grown.edge;
    for (const { path, bytes } of [...grown.full, ...partialFiles(edge)]) {
      assert((files.get(path) ?? bytes).equals(bytes), path); // A path holds one content for good.
      files.set(path, bytes);
    }
  }
  return { files, edge };
}
const reader = (files: Map<string, Buffer>) => (at: TileAt) => {
  const bytes = files.get(tilePath(at));
  return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`no ${tilePath(at)}`));
};
const published = fc
  .array(fc.integer({ min: 1, max: 1200 }), { minLength: 1, maxLength: 6 })
  .map((sizes) => [...new Set(sizes)].toSorted((a, b) => a - b));
const bent = (bytes: Buffer, where: number) => {
  const copy = Buffer.from(bytes);
  copy[where] = (copy[where] ?? 0) ^ 1;
  return copy;
};

describe(`tiles (seed ${seed})`, () => {
  it('of every published size are there, and nothing else', () => {
    const sizes = [1, 255, 256, 257, 512, 700];
    const { files } = publish(sizes);
    const expected = sizes.flatMap((size) =>
      [0, 1].flatMap((level) => {
        const count = Math.floor(size / 256 ** level);
        const full = Array.from({ length: Math.floor(count / 256) }, (_, index) => ({
          ...{ level, index },
          width: 256,
        }));
        return count % 256 > 0
          ? [...full, { level, index: Math.floor(count / 256), width: count % 256 }]
          : full;
      }),
    );
    const bundles = expected
      .filter(({ level }) => level === 0)
      .map((at) => ({ ...at, level: 'entries' as const }));
    expect([...files.keys()].toSorted()).toEqual(
      [...new Set([...expected, ...bundles].map(tilePath))].toSorted(),
    );
  });

  it('hold the hashes that their definition says, and bundles the leaves', () => {
    const { files } = publish([300, 1200]);
    for (const [path, bytes] of files) {
      const at = parseTilePath(path);
      if (!at) throw new Error(path);
      const first = at.index * 256;
      const span = at.level === 1 ? 256 : 1;
      const places = Array.from({ length: at.width }, (_, place) => (first + place) * span);
      if (at.level === 'entries') {
        expect(readBundle(bytes, at.width)).toEqual(places.map(numberedLeaf));
      } else {
        expect(bytes).toEqual(
          Buffer.concat(places.map((place) => naiveRoot(all.slice(place, place + span)))),
        );
      }
    }
  });

  it('are the same whatever steps the log took', () => {
    fc.assert(
      fc.property(published, (sizes) => {
        const last = sizes.at(-1) ?? 0;
        const { files, edge } = publish(sizes);
        const atOnce = publish([last]);
        for (const [path, bytes] of atOnce.files) expect(files.get(path)?.equals(bytes)).toBe(true);
        expect(edge).toEqual(atOnce.edge);
        expect(edgeFrontier(edge)).toEqual(appendLeaves(emptyFrontier, all.slice(0, last)));
        expect(edgeRoot(edge)).toEqual(naiveRoot(all.slice(0, last)));
      }),
      runs,
    );
  });

  it('give every proof of the whole tree, for every published size', async () => {
    const cases = fc.tuple(published, fc.nat(), fc.nat(), fc.nat());
    await fc.assert(
      fc.asyncProperty(cases, async ([sizes, whichSize, whichIndex, whichOld]) => {
        const read = reader(publish(sizes).files);
        const size = sizes[whichSize % sizes.length] ?? 0;
        const [index, old] = [whichIndex % size, whichOld % (size + 1)];
        const leaves = all.slice(0, size);
        expect(await treeRoot(read, size)).toEqual(naiveRoot(leaves));
        expect(await leafHashAt(read, index, size)).toEqual(leaves[index]);
        expect(await inclusionProof(read, index, size)).toEqual(naivePath(index, leaves));
        expect(await consistencyProof(read, old, size)).toEqual(
          old === 0 ? [] : naiveConsistency(old, leaves),
        );
      }),
      { ...runs, numRuns: 150 },
    );
  });

  it('of a log past two levels give its proofs', async () => {
    const sizes = [65_535, 65_536, 65_537, 70_000];
    const leaves = numberedHashes(70_000);
    const { files, edge } = publish(sizes);
    const read = reader(files);
    expect(edge.levels.map((hashes) => hashes.length)).toEqual([112, 17, 1]);
    for (const size of sizes) {
      const tree = leaves.slice(0, size);
      expect(await treeRoot(read, size)).toEqual(rootOf(appendLeaves(emptyFrontier, tree)));
      for (const index of [0, 65_534, size - 1])
        expect(await inclusionProof(read, index, size)).toEqual(naivePath(index, tree));
      for (const old of [1, 65_535])
        expect(await consistencyProof(read, old, size)).toEqual(naiveConsistency(old, tree));
    }
  });

  it('of a log without entries are none, and its root is that of nothing', async () => {
    expect(partialFiles(emptyEdge)).toEqual([]);
    expect(edgeRoot(emptyEdge)).toEqual(emptyRoot);
    expect(await treeRoot(reader(new Map()), 0)).toEqual(emptyRoot);
    await expect(inclusionProof(reader(new Map()), 0, 0)).rejects.toThrow('below the size');
  });
});

describe('an edge read back', () => {
  const size = 700;
  const { edge } = publish([size]);
  const root = edgeRoot(edge);
  const withLevel = (at: number, change: (hashes: readonly Buffer[]) => Buffer[]) => ({
    ...edge,
    levels: edge.levels.map((hashes, level) => (level === at ? change(hashes) : hashes)),
  });

  it('is the edge that was written', () => {
    expect(edgeFrom(size, root, edge)).toEqual(edge);
    const [leaf] = [numberedLeaf(size)];
    expect(edgeRoot(growEdge(edgeFrom(size, root, edge), [leaf]).edge)).toEqual(
      naiveRoot([...all.slice(0, size), leafHash(leaf)]),
    );
  });

  it.each([
    ['the size of another tree', size + 1, edge],
    ['a level missing', size, { ...edge, levels: edge.levels.slice(0, 1) }],
    ['a truncated level', size, withLevel(0, (hashes) => hashes.slice(0, -1))],
    [
      'a bit of a leaf hash changed',
      size,
      withLevel(0, ([first, ...rest]) => [bent(first as Buffer, 3), ...rest]),
    ],
    [
      'a bit of a hash above changed',
      size,
      withLevel(1, ([first, ...rest]) => [bent(first as Buffer, 3), ...rest]),
    ],
    ['a leaf missing', size, { ...edge, leaves: edge.leaves.slice(1) }],
    ['another leaf', size, { ...edge, leaves: [numberedLeaf(1), ...edge.leaves.slice(1)] }],
  ])('is refused with %s', (_, claimed, parts) => {
    expect(() => edgeFrom(claimed, root, parts)).toThrow();
  });

  it('is refused under another root', () => {
    expect(() => edgeFrom(size, bent(root, 0), edge)).toThrow('root of the tree');
  });
});

describe('a proof from a tile', () => {
  it('is refused when the tile has not the width of its name', async () => {
    const { files } = publish([700]);
    files.set('tile/0/002.p/188', Buffer.alloc(187 * 32));
    await expect(inclusionProof(reader(files), 699, 700)).rejects.toThrow('width of its name');
    await expect(inclusionProof(reader(new Map()), 0, 700)).rejects.toThrow('no tile/0/');
  });

  it('reads a few tiles, each once', async () => {
    const { files } = publish([1200]);
    const asked: string[] = [];
    const read = (at: TileAt) => {
      asked.push(tilePath(at));
      return reader(files)(at);
    };
    await inclusionProof(read, 300, 1200);
    expect(asked.toSorted()).toEqual(['tile/0/001', 'tile/0/004.p/176', 'tile/1/000.p/4']);
  });
});

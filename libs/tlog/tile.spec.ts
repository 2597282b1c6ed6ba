import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomInt } from 'node:crypto';
import {
  beginningOf,
  bundleOf,
  bundleWith,
  hashesOn,
  levelsIn,
  parseTilePath,
  readBundle,
  tilePath,
  tileWith,
} from './tile.js';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? randomInt(2 ** 31));

describe('the path of a tile', () => {
  it.each([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/1/000.p/17', { level: 1, index: 0, width: 17 }],
    ['tile/63/999.p/255', { level: 63, index: 999, width: 255 }],
    ['tile/entries/x001/000', { level: 'entries' as const, index: 1000, width: 256 }],
    ['tile/entries/273.p/112', { level: 'entries' as const, index: 273, width: 112 }],
  ])('%s is written and read', (path, at) => {
    expect(tilePath(at)).toBe(path);
    expect(parseTilePath(path)).toEqual(at);
  });

  it.each([
    ['nothing', ''],
    ['another folder', 'tiles/0/000'],
    ['a slash in front', '/tile/0/000'],
    ['a slash behind', 'tile/0/000/'],
    ['a level with a leading zero', 'tile/00/000'],
    ['a level beyond 63', 'tile/64/000'],
    ['a negative level', 'tile/-1/000'],
    ['a data tile of another format', 'tile/data/000'],
    ['an index of two digits', 'tile/0/67'],
    ['an index of four digits', 'tile/0/1000'],
    ['a group too many', 'tile/0/x000/067'],
    ['a group without its x', 'tile/0/001/067'],
    ['an x before the last group', 'tile/0/x001'],
    ['a partial tile of no width', 'tile/0/000.p/0'],
    ['a partial tile that is full', 'tile/0/000.p/256'],
    ['a width with a leading zero', 'tile/0/000.p/01'],
    ['a width and nothing', 'tile/0/000.p/'],
    ['a width of four digits', 'tile/0/000.p/1000'],
    ['a way up', 'tile/0/../000'],
    ['a line feed', 'tile/0/000\n'],
    ['an index beyond 2^53', 'tile/0/x999/x999/x999/x999/x999/999'],
  ])('names nothing with %s', (_, path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it(`comes back from any tile (seed ${seed})`, () => {
    const tiles = fc.record({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      index: fc.oneof(fc.maxSafeNat(), fc.nat(2000)),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tiles, (at) => {
        expect(parseTilePath(tilePath(at))).toEqual(at);
      }),
      { seed },
    );
  });

  it('is not made of half a tile, an empty or a broad one', () => {
    expect(() => tilePath({ level: 0, index: 0.5, width: 1 })).toThrow();
    expect(() => tilePath({ level: 0, index: 0, width: 0 })).toThrow();
    expect(() => tilePath({ level: 0, index: 0, width: 257 })).toThrow();
    expect(() => tilePath({ level: 64, index: 0, width: 1 })).toThrow();
  });
});

describe('a tree of 70 000 leaves', () => {
  it('has 273 full tiles and 112 hashes on level 0, 1 and 17 on level 1, and one hash on level 2', () => {
    const size = 70_000;
    expect([0, 1, 2, 3].map((level) => hashesOn(level, size))).toEqual([70_000, 273, 1, 0]);
    expect(levelsIn(size)).toBe(3);
    expect(tileWith(0, 69_999, size)).toEqual({ level: 0, index: 273, width: 112 });
    expect(tileWith(0, 0, size)).toEqual({ level: 0, index: 0, width: 256 });
    expect(tileWith(1, 272, size)).toEqual({ level: 1, index: 1, width: 17 });
    expect(tileWith(2, 0, size)).toEqual({ level: 2, index: 0, width: 1 });
    expect(bundleWith(69_888, size)).toEqual({ level: 'entries', index: 273, width: 112 });
    expect(() => tileWith(0, size, size)).toThrow('lies in the tree');
    expect(() => tileWith(3, 0, size)).toThrow('lies in the tree');
  });
});

describe('a bundle', () => {
  const leaves = ['a', '', 'ccc'].map((leaf) => Buffer.from(leaf));
  const bytes = bundleOf(leaves);

  it('is each leaf behind its length in two bytes', () => {
    expect(bytes.toString('hex')).toBe('0001' + '61' + '0000' + '0003' + '636363');
    expect(readBundle(bytes, 3)).toEqual(leaves);
  });

  it('is refused when it has more or fewer leaves, or ends within one', () => {
    expect(() => readBundle(bytes, 2)).toThrow('3 leaves, not 2');
    expect(() => readBundle(bytes.subarray(0, 5), 3)).toThrow('2 leaves, not 3');
    expect(() => readBundle(bytes.subarray(0, 6), 3)).toThrow('within a length');
    expect(() => readBundle(bytes.subarray(0, 8), 3)).toThrow('within a leaf');
  });

  it('and a tile hold each narrower one as their beginning', () => {
    const at = { level: 'entries' as const, index: 0, width: 2 };
    expect(beginningOf(at, bytes)).toEqual(bundleOf(leaves.slice(0, 2)));
    expect(() => beginningOf({ ...at, width: 4 }, bytes)).toThrow('too short');
    expect(() => beginningOf({ ...at, width: 3 }, bytes.subarray(0, -1))).toThrow('too short');
    const tile = Buffer.alloc(96, 7);
    expect(beginningOf({ level: 0, index: 0, width: 2 }, tile)).toHaveLength(64);
    expect(() => beginningOf({ level: 0, index: 0, width: 4 }, tile)).toThrow('too short');
  });

  it('takes no leaf of 64 KiB', () => {
    expect(bundleOf([Buffer.alloc(65_535)])).toHaveLength(65_537);
    expect(() => bundleOf([Buffer.alloc(65_536)])).toThrow('64 KiB');
  });
});

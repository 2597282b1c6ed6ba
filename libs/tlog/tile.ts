/**
 * Where the hashes and entries of the log lie, by C2SP tlog-tiles. Tile n of level l holds, for i from 0 to 255,
 *
 *     MTH(D[(n·256 + i)·256^l : (n·256 + i + 1)·256^l])
 *
 * the roots of 256 neighbouring perfect subtrees of height 8·l, so level 0 holds leaf hashes and every hash above is
 * the root of one full tile below. What is not full yet is a partial tile, named after its width; it is never hashed
 * into a level above. Entry bundles lie beside the tiles of level 0:
 *
 *     tile/0/x001/x234/067            full: tile 1 234 067 of level 0, 256 hashes
 *     tile/1/000.p/17                 partial: 17 hashes
 *     tile/entries/273.p/112          bundle: (uint16 big-endian length ‖ leaf)*
 *
 * A tree of 70 000 leaves has 273 full tiles and one of width 112 on level 0, one full and one of width 17 on level 1,
 * and one of width 1 on level 2. A tile has one spelling: any other path names nothing.
 */
import assert from 'node:assert/strict';
import { hashLength } from './tree.js';

/** Hashes in a full tile, and leaves in a full bundle. */
export const tileWidth = 256;

/** One tile, or one bundle where the level is `entries`. */
export interface TileAt {
  /** 0 for leaf hashes, 1 for roots of 256 leaves, …; at most 63. */
  readonly level: number | 'entries';
  /** From 0. */
  readonly index: number;
  /** Hashes or leaves in it, 1 to 256; fewer than 256 is a partial one. */
  readonly width: number;
}

/** A file of the log: its path below the log's prefix, without a slash in front, and what it holds for good. */
export interface TileFile {
  readonly path: string;
  readonly bytes: Buffer;
}

const levelLimit = 63;
/** Bytes of the length before each leaf of a bundle. */
const lengthBytes = 2;

/** The path of a tile or bundle below the log's prefix. */
export function tilePath({ level, index, width }: TileAt): string {
  assert(level === 'entries' || (isCount(level) && level <= levelLimit), 'a level lies between 0 and 63');
  assert(isCount(index), 'an index is a whole number below 2^53');
  assert(isCount(width) && width >= 1 && width <= tileWidth, 'a tile has 1 to 256 hashes');
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const spelled = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group));
  return `tile/${level}/${spelled.join('/')}${width < tileWidth ? `.p/${width}` : ''}`;
}

/** The tile that a path names; undefined for every spelling but that of `tilePath`. */
export function parseTilePath(path: string): TileAt | undefined {
  const match =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)?.slice(1) ?? [];
  const [level, groups, width] = match;
  if (level === undefined || groups === undefined) return undefined;
  const at: TileAt = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  };
  const isWithin =
    at.width <= tileWidth && isCount(at.index) && (at.level === 'entries' || at.level <= levelLimit);
  // Spelling it again refuses what the pattern let pass: leading zeros, `x000/`, `.p/256`.
  return isWithin && tilePath(at) === path ? at : undefined;
}

/** Roots of perfect subtrees of height 8·level that a tree of `size` leaves has. */
export function hashesOn(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** The tile that holds hash `at` of a level in a tree of `size` leaves, in the width it has there. */
export function tileWith(level: number, at: number, size: number): TileAt {
  const count = hashesOn(level, size);
  assert(isCount(at) && at < count, 'a hash lies in the tree');
  const index = Math.floor(at / tileWidth);
  return { level, index, width: Math.min(tileWidth, count - index * tileWidth) };
}

/** The bundle that holds leaf `at` in a tree of `size` leaves, in the width it has there. */
export function bundleWith(at: number, size: number): TileAt {
  return { ...tileWith(0, at, size), level: 'entries' };
}

/** How many levels of a tree of `size` leaves hold a hash. */
export function levelsIn(size: number): number {
  let levels = 0;
  while (hashesOn(levels, size) > 0) levels += 1;
  return levels;
}

/** The bytes of a bundle: (uint16 big-endian length ‖ leaf)*. */
export function bundleOf(leaves: readonly Buffer[]): Buffer {
  return Buffer.concat(
    leaves.flatMap((leaf) => {
      assert(leaf.length < 2 ** 16, 'a leaf of a bundle has less than 64 KiB');
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt16BE(leaf.length);
      return [length, leaf];
    }),
  );
}

/**
 * The leaves of a bundle; they share the memory of `bytes`.
 * @throws Error when there are not exactly `width` of them, or bytes are left over.
 */
export function readBundle(bytes: Buffer, width: number): Buffer[] {
  const leaves: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    assert(at + lengthBytes <= bytes.length, 'the bundle ends within a length');
    const start = at + lengthBytes;
    at = start + bytes.readUInt16BE(at);
    assert(at <= bytes.length, 'the bundle ends within a leaf');
    leaves.push(bytes.subarray(start, at));
  }
  assert(leaves.length === width, `the bundle has ${leaves.length} leaves, not ${width}`);
  return leaves;
}

/**
 * The first `width` hashes or leaves of a wider tile or bundle: a partial tile is a beginning of the full one, so it
 * need not be kept beside it.
 * @throws Error when `bytes` holds fewer.
 */
export function beginningOf({ level, width }: TileAt, bytes: Buffer): Buffer {
  if (level !== 'entries') {
    assert(bytes.length >= width * hashLength, 'the tile is too short');
    return bytes.subarray(0, width * hashLength);
  }
  let end = 0;
  for (let leaf = 0; leaf < width; leaf += 1) {
    assert(end + lengthBytes <= bytes.length, 'the bundle is too short');
    end += lengthBytes + bytes.readUInt16BE(end);
  }
  assert(end <= bytes.length, 'the bundle is too short');
  return bytes.subarray(0, end);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/**
 * Tiles and bundles from leaves, in one pass. What must be remembered between two steps is the edge: the tile of each
 * level that is not full yet, at most 255 hashes a level, and the leaves of the unfinished bundle. Joined from the
 * highest level to the lowest the edge is the frontier of the tree, so its root can always be compared with a root that
 * was signed, and an edge that was read from a truncated or altered file is found out before anything is built on it.
 */
import assert from 'node:assert/strict';
import { bundleOf, hashesOn, levelsIn, tilePath, tileWidth, type TileFile } from './tile.js';
import { appendLeaves, emptyFrontier, leafHash, rootOf, type Frontier } from './tree.js';

/** A tree of `size` leaves as far as it must be known to go on with its tiles. */
export interface Edge {
  readonly size: number;
  /** Level → hashes of its last tile, 0 to 255; the tile before it is full. */
  readonly levels: readonly (readonly Buffer[])[];
  /** Leaves of the last bundle, as many as level 0 has hashes. */
  readonly leaves: readonly Buffer[];
}

/** The edge of the tree without leaves. */
export const emptyEdge: Edge = { size: 0, levels: [], leaves: [] };

/** What appending leaves came to: the new edge, and the tiles and bundles that became full on the way, lower first. */
export interface Grown {
  readonly edge: Edge;
  readonly full: readonly TileFile[];
}

/** Appends leaves, in order. The edge given is left as it was. */
export function growEdge(before: Edge, leaves: readonly Buffer[]): Grown {
  const levels = before.levels.map((hashes) => [...hashes]);
  const bundle = [...before.leaves];
  const full: TileFile[] = [];
  let size = before.size;
  for (const leaf of leaves) {
    size += 1;
    bundle.push(leaf);
    if (bundle.length === tileWidth) {
      full.push(fileOf('entries', size, bundleOf(bundle)));
      bundle.length = 0;
    }
    // A full tile becomes one hash of the level above, which that may fill in turn.
    let hash: Buffer | undefined = leafHash(leaf);
    for (let level = 0; hash !== undefined; level += 1) {
      const hashes = (levels[level] ??= []);
      hashes.push(hash);
      if (hashes.length < tileWidth) break;
      full.push(fileOf(level, size, Buffer.concat(hashes)));
      hash = rootOf(appendLeaves(emptyFrontier, hashes));
      hashes.length = 0;
    }
  }
  return { edge: checkedEdge({ size, levels, leaves: bundle }), full };
}

/** The partial tiles and the partial bundle that a checkpoint of this size needs. */
export function partialFiles({ size, levels, leaves }: Edge): TileFile[] {
  const tiles = levels.flatMap((hashes, level) =>
    hashes.length > 0 ? [partialOf(level, size, hashes.length, Buffer.concat(hashes))] : [],
  );
  return leaves.length > 0 ? [...tiles, partialOf('entries', size, leaves.length, bundleOf(leaves))] : tiles;
}

/** The frontier of the tree behind an edge: of each level the perfect subtrees its last tile holds, highest first. */
export function edgeFrontier({ size, levels }: Edge): Frontier {
  const hashes = levels.toReversed().flatMap((each) => appendLeaves(emptyFrontier, each).hashes);
  return { size, hashes };
}

/** The root of the tree behind an edge. */
export function edgeRoot(edge: Edge): Buffer {
  return rootOf(edgeFrontier(edge));
}

/**
 * An edge whose parts fit its size and each other.
 * @throws Error when a level has another number of hashes than a tree of this size leaves over.
 */
function checkedEdge(edge: Edge): Edge {
  const { size, levels, leaves } = edge;
  assert(levels.length === levelsIn(size), 'an edge has every level of its tree');
  levels.forEach((hashes, level) =>
    assert(hashes.length === hashesOn(level, size) % tileWidth, `level ${level} fits the size`),
  );
  const lowest = levels[0] ?? [];
  assert(leaves.length === lowest.length, 'an edge has the leaves of its level 0');
  return edge;
}

/**
 * An edge put together from what its files hold: the last tile of each level, lowest first, and the last bundle.
 * @throws Error when the parts do not fit the size, each other or the root of the tree, so that nothing is built on a
 * file that was truncated or altered.
 */
export function edgeFrom(size: number, root: Buffer, parts: Omit<Edge, 'size'>): Edge {
  const edge = checkedEdge({ ...parts, size });
  edge.leaves.forEach((leaf, place) => {
    const hash = edge.levels[0]?.[place];
    assert(hash !== undefined && leafHash(leaf).equals(hash), 'a leaf hashes to its place on level 0');
  });
  assert(edgeRoot(edge).equals(root), 'the last tiles make up the root of the tree');
  return edge;
}

/** The tile that has just become full, when the tree has `size` leaves. */
function fileOf(level: number | 'entries', size: number, bytes: Buffer): TileFile {
  const span = tileWidth ** (level === 'entries' ? 1 : level + 1);
  return { path: tilePath({ level, index: size / span - 1, width: tileWidth }), bytes };
}

function partialOf(level: number | 'entries', size: number, width: number, bytes: Buffer): TileFile {
  const span = tileWidth ** (level === 'entries' ? 1 : level + 1);
  return { path: tilePath({ level, index: Math.floor(size / span), width }), bytes };
}

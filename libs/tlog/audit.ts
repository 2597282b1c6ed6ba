/**
 * A log re-hashed from what it publishes, bundle after bundle, with only the right edge remembered. Each bundle's leaves
 * make the tile of level 0 that lies beside it, and full tiles the levels above, so every file is compared with what
 * the entries say and the one that was altered is named. Where bundle and tile disagree the level above is asked, because
 * its hash was made when both were whole; the root of the signed checkpoint has the last word over everything.
 */
import assert from 'node:assert/strict';
import {
  bundleOf,
  hashesOn,
  levelsIn,
  readBundle,
  tilePath,
  tileWidth,
  tileWith,
  type TileAt,
} from './tile.js';
import { appendLeaves, emptyFrontier, leafHash, rootOf, splitHashes, type Frontier } from './tree.js';

/** What was found: a code that stays, and the file or tree it is about. */
export interface AuditFinding {
  readonly code:
    'bundle-differs' | 'tile-differs' | 'file-missing' | 'root-differs' | 'not-the-log-seen-before';
  readonly path: string;
  readonly what: string;
}

/** As much of a tree as must be known to go on: level → hashes of its last tile, 0 to 255. */
export interface HashEdge {
  readonly size: number;
  readonly levels: readonly (readonly Buffer[])[];
}

/** The edge of the empty tree. */
export const emptyHashEdge: HashEdge = { size: 0, levels: [] };

/** Gives the bytes of a file in the width asked for; undefined when it is not there. */
export type ReadFile = (at: TileAt) => Promise<Buffer | undefined>;

/** One bundle audited: the edge behind it, and what was wrong. */
export interface Step {
  readonly edge: HashEdge;
  readonly findings: readonly AuditFinding[];
  /** Roots of trees that end within this bundle, as far as they were asked for. */
  readonly roots: ReadonlyMap<number, Buffer>;
}

/** The tree behind an edge, as its frontier. */
export function frontierOf({ size, levels }: HashEdge): Frontier {
  return { size, hashes: levels.toReversed().flatMap((each) => appendLeaves(emptyFrontier, each).hashes) };
}

/**
 * Audits the bundle that begins where the edge ends.
 * @param signed the tree of the checkpoint: its size says how wide the files are
 * @param wantedRoots sizes whose roots are wanted
 */
export async function auditBundle(
  edge: HashEdge,
  signed: { readonly size: number; readonly root: Buffer },
  read: ReadFile,
  wantedRoots: readonly number[] = [],
): Promise<Step> {
  const { size } = signed;
  assert(edge.size % tileWidth === 0 && edge.size < size, 'a bundle begins where one ended');
  const findings: AuditFinding[] = [];
  const tile = tileWith(0, edge.size, size);
  const isWhole = (hashes: readonly Buffer[]): Promise<boolean> =>
    tile.width < tileWidth
      ? Promise.resolve(rootOf(appendLeaves(frontierOf(edge), hashes)).equals(signed.root))
      : isBelow(hashes, tile.index, size, read);
  const hashes = await hashesOfBundle(tile, isWhole, read, findings);
  const roots = new Map<number, Buffer>();
  for (const wanted of wantedRoots)
    if (wanted > edge.size && wanted <= edge.size + tile.width)
      roots.set(wanted, rootOf(appendLeaves(frontierOf(edge), hashes.slice(0, wanted - edge.size))));
  const { levels, full } = push(edge, hashes);
  for (const each of full) await compareTile(each, read, findings);
  const grown = { size: edge.size + tile.width, levels };
  if (grown.size === size) await comparePartial(grown, read, findings);
  return { edge: grown, findings, roots };
}

/** The leaf hashes of a bundle, by what its bytes, the tile beside it and the level above say. */
async function hashesOfBundle(
  tile: TileAt,
  isWhole: (hashes: readonly Buffer[]) => Promise<boolean>,
  read: ReadFile,
  findings: AuditFinding[],
): Promise<readonly Buffer[]> {
  const bundleAt: TileAt = { ...tile, level: 'entries' };
  const [bundle, beside] = await Promise.all([read(bundleAt), read(tile)]);
  const made = bundle && leavesOf(bundle, tile.width)?.map(leafHash);
  const said = beside?.length === tile.width * 32 ? splitHashes(beside) : undefined;
  if (made && said && made.every((hash, at) => said[at]?.equals(hash) === true)) return made;
  const isMadeRight = made !== undefined && (said === undefined || !(await isWhole(said)));
  if (bundle === undefined) findings.push(missing(bundleAt));
  else if (!isMadeRight) findings.push(differs('bundle-differs', bundleAt, placeOf(made, said)));
  if (beside === undefined) findings.push(missing(tile));
  else if (isMadeRight || said === undefined)
    findings.push(differs('tile-differs', tile, said ? placeOf(made, said) : ': it was truncated'));
  const believed = isMadeRight ? made : (said ?? made);
  // Nothing to go on with: zeros stand for what is lost, and the root will say so.
  return believed ?? Array.from({ length: tile.width }, () => Buffer.alloc(32));
}

/** Whether these are the hashes that a full tile had when its root was put into the level above. */
async function isBelow(
  hashes: readonly Buffer[],
  index: number,
  size: number,
  read: ReadFile,
): Promise<boolean> {
  const bytes = await read(tileWith(1, index, size));
  const place = (index % tileWidth) * 32;
  return bytes?.subarray(place, place + 32).equals(rootOf(appendLeaves(emptyFrontier, hashes))) === true;
}

/** Appends leaf hashes; tiles that became full on the way are given with their bytes, lower first. */
function push(
  edge: HashEdge,
  hashes: readonly Buffer[],
): { levels: Buffer[][]; full: (TileAt & { bytes: Buffer })[] } {
  const levels = edge.levels.map((each) => [...each]);
  const full: (TileAt & { bytes: Buffer })[] = [];
  let size = edge.size;
  for (const leaf of hashes) {
    size += 1;
    let hash: Buffer | undefined = leaf;
    for (let level = 0; hash !== undefined; level += 1) {
      const row: Buffer[] = (levels[level] ??= []);
      row.push(hash);
      if (row.length < tileWidth) break;
      const index = hashesOn(level + 1, size) - 1;
      full.push({ level, index, width: tileWidth, bytes: Buffer.concat(row) });
      hash = rootOf(appendLeaves(emptyFrontier, row));
      row.length = 0;
    }
  }
  return { levels, full };
}

/** Level 0 was judged beside its bundle. */
async function compareTile(
  { bytes, ...at }: TileAt & { bytes: Buffer },
  read: ReadFile,
  findings: AuditFinding[],
): Promise<void> {
  if (at.level === 0) return;
  const found = await read(at);
  if (found === undefined) findings.push(missing(at));
  else if (!found.equals(bytes)) findings.push(differs('tile-differs', at, ' from the tiles below it'));
}

/** The unfinished tiles at the right edge of the signed tree. */
async function comparePartial(
  { size, levels }: HashEdge,
  read: ReadFile,
  findings: AuditFinding[],
): Promise<void> {
  for (let level = 1; level < levelsIn(size); level += 1) {
    const row = levels[level] ?? [];
    if (row.length === 0) continue;
    const at = { level, index: Math.floor(hashesOn(level, size) / tileWidth), width: row.length };
    await compareTile({ ...at, bytes: Buffer.concat(row) }, read, findings);
  }
}

function leavesOf(bundle: Buffer, width: number): Buffer[] | undefined {
  try {
    const leaves = readBundle(bundle, width);
    return bundleOf(leaves).equals(bundle) ? leaves : undefined;
  } catch {
    return undefined;
  }
}

function missing(at: TileAt): AuditFinding {
  return { code: 'file-missing', path: tilePath(at), what: 'the log does not have it' };
}

function differs(code: 'bundle-differs' | 'tile-differs', at: TileAt, what: string): AuditFinding {
  return { code, path: tilePath(at), what: `is not what the log was signed over${what}` };
}

/** Where the two first part. */
function placeOf(made: readonly Buffer[] | undefined, said: readonly Buffer[] | undefined): string {
  if (made === undefined) return ': it was truncated, or its lengths were altered';
  const at = made.findIndex((hash, place) => said?.[place]?.equals(hash) !== true);
  return `, first at place ${at} of it`;
}

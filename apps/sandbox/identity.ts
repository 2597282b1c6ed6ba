/**
 * Who a home is, in `home.json`: an id that its databases and roles bear as a mark, kept through `--fresh`, and the server
 * that holds its registry. A home is one folder: of two folders with one id the second is a copy, which owns nothing.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './files.js';
import type { Home } from './plan.js';

/** PostgreSQL's own identifier of a cluster, the same under every address; `npm` is the one in the home itself. */
type ServerId = string;

export interface Identity {
  readonly id: string;
  /** The folder it was written in. */
  readonly dir: string;
  /** Where the registry of this home is; absent before there is one. */
  readonly server?: { readonly id: ServerId; readonly at: string };
  /** The folder that this one was copied from; never written down. */
  readonly copyOf?: string;
}

export const npmServer: Identity['server'] & object = { id: 'npm', at: 'the PostgreSQL from npm' };

/** What databases and roles of this home bear. */
export const markOf = ({ id }: Identity): string => `tyiym sandbox ${id}`;

/** Who this home is. A home without an identity, and a copy of another, is given one that nothing bears yet. */
export function identityOf(home: Home): Identity {
  const dir = existsSync(home.dir) ? realpathSync(home.dir) : home.dir;
  const kept = read(dir);
  if (kept === undefined)
    return { id: newId(), dir, ...(existsSync(home.at('pg', 'data')) && { server: npmServer }) };
  const isCopy = kept.dir !== dir && read(kept.dir)?.id === kept.id;
  return { ...kept, dir, ...(isCopy && { id: newId(), copyOf: kept.dir }) };
}

/** Written before anything bears the id, because a mark that no home knows is nobody's for good. */
export function keepIdentity(home: Home, { id, server }: Identity): void {
  mkdirSync(home.dir, { recursive: true, mode: 0o700 });
  const whole: Identity = { id, dir: realpathSync(home.dir), ...(server && { server }) };
  writeWhole(home.at('home.json'), `${JSON.stringify(whole, null, 2)}\n`);
}

function read(dir: string): Identity | undefined {
  const file = join(dir, 'home.json');
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Identity;
  } catch (cause) {
    throw new Error(
      `${file}, which says what the sandbox of this folder owns, cannot be read: put it back, or set TYIYM_HOME to another folder`,
      { cause },
    );
  }
}

function newId(): string {
  return randomBytes(6).toString('hex');
}

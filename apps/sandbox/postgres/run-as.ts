/**
 * Which user the server runs as. PostgreSQL refuses root, so root hands it to `postgres`, or else to `nobody`: users
 * that exist already, because a uid without a line in the passwd file makes initdb fail and adding one changes the host.
 */
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user to switch to, or undefined to run the server as ourselves.
 * @param data the data directory; when it exists already, its owner keeps it.
 */
export function serverUser(data: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = existsSync(data) ? lstatSync(data) : undefined;
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const passwd = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const line = passwd.find(([name]) => name === wanted);
    if (line) return { uid: Number(line[2]), gid: Number(line[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`. Start as an ordinary user.',
  );
}

/** The members of `spawn` options that switch to the user; node drops root's supplementary groups with them. */
export function spawnIdentity(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/** Gives a path, and all below it, to the user; what is his already is left as it is. */
export function giveTo(user: ServerUser | undefined, path: string): void {
  if (user === undefined) return;
  if (lstatSync(path).uid !== user.uid) chownSync(path, user.uid, user.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const inner = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink() || lstatSync(inner).uid === user.uid) continue;
    chownSync(inner, user.uid, user.gid);
  }
}

/** @throws Error in plain words when an ordinary user meets what root's server made. */
export function assertOwned(path: string): void {
  const uid = process.getuid?.();
  if (uid === undefined || uid === 0 || !existsSync(path)) return;
  if (lstatSync(path).uid === uid) return;
  throw new Error(
    `${path} belongs to another user, as it does after a start as root. Start as that user again, or set TYIYM_HOME to a folder of your own.`,
  );
}

/** For root: a user of this machine who owns nothing, and the built project where he can read it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './sandbox.js';

export interface OrdinaryUser {
  readonly uid: number;
  readonly gid: number;
  /** Put before a command, it runs as this user. */
  readonly as: readonly string[];
  readonly project: string;
  /** Takes away what was made so that he can read it. */
  done(): void;
}

export function ordinaryUser(): OrdinaryUser {
  const line = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  assert(line, 'this machine has no user nobody');
  const [uid, gid] = [Number(line[1]), Number(line[2])];
  const as = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  if (canRead(as, root)) return { uid, gid, as, project: root, done: () => undefined };
  const project = readableCopy();
  assert(canRead(as, project), `${process.execPath} lies where other users cannot reach it`);
  return { uid, gid, as, project, done: () => rmSync(project, { recursive: true }) };
}

function canRead([command = '', ...args]: readonly string[], project: string): boolean {
  const files = ['node_modules/pg/package.json', 'dist/apps/sandbox/main.js'].map((file) =>
    join(project, file),
  );
  const look = `for (const file of ${JSON.stringify(files)}) fs.readFileSync(file)`;
  return spawnSync(command, [...args, process.execPath, '-e', look], { cwd: '/' }).status === 0;
}

/** For a checkout below a folder of root's own: hard links where they can be made, else copies. */
function readableCopy(): string {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'tyiym-readable-')));
  chmodSync(copy, 0o755);
  for (const part of ['package.json', 'dist', 'node_modules'])
    if (spawnSync('cp', ['-al', realpathSync(join(root, part)), join(copy, part)]).status !== 0)
      assert.equal(
        spawnSync('cp', ['-a', realpathSync(join(root, part)), copy]).status,
        0,
        'no room for a copy',
      );
  return copy;
}

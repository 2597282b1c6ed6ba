// Builds the whole monorepo with one `tsc`, because that takes the time `nest build` takes for one app.
// `--if-older` builds only when a source is newer than the last good build.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');
const stamp = join(dist, '.built');

function newestSource() {
  const files = ['apps', 'libs', 'migrations'].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  return Math.max(...[...files, join(root, 'tsconfig.json')].map((file) => statSync(file).mtimeMs));
}

const isFresh = existsSync(stamp) && statSync(stamp).mtimeMs >= newestSource();
if (!(process.argv.includes('--if-older') && isFresh)) {
  const require = createRequire(import.meta.url);
  // Built aside and swapped in, so that a running sandbox or another terminal finds a whole product at any moment.
  const making = join(root, '.build', 'dist');
  const old = join(root, '.build', 'dist-before');
  for (const dir of [making, old]) rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(root, '.build'), { recursive: true });
  const startedAt = new Date();
  const tsc = spawnSync(
    process.execPath,
    [require.resolve('typescript/bin/tsc'), '-p', join(root, 'tsconfig.json'), '--outDir', making],
    { stdio: 'inherit' },
  );
  if (tsc.status !== 0) process.exit(tsc.status ?? 1);
  // `tool fsck` compares databases with the first; the sandbox prepares its server with the others, as an operator does.
  for (const file of ['schema.sql', 'roles.sql', 'database.sql'])
    copyFileSync(join(root, 'migrations', file), join(making, 'migrations', file));
  writeFileSync(join(making, '.built'), '');
  // What changed while tsc ran is newer than this build.
  utimesSync(join(making, '.built'), startedAt, startedAt);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(making, dist);
  rmSync(old, { recursive: true, force: true });
}

// Builds the whole monorepo with one `tsc`, because that takes the time `nest build` takes for one app.
// `--if-older` builds only when a source is newer than the last good build.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const stamp = join(root, 'dist', '.built');

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
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const startedAt = new Date();
  const tsc = spawnSync(
    process.execPath,
    [require.resolve('typescript/bin/tsc'), '-p', join(root, 'tsconfig.json')],
    {
      stdio: 'inherit',
    },
  );
  if (tsc.status !== 0) process.exit(tsc.status ?? 1);
  writeFileSync(stamp, startedAt.toISOString());
}

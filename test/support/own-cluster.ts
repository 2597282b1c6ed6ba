/** A PostgreSQL of a spec's own, which it may kill; what everybody else uses would be gone for them, too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { startCluster, type Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { freePort } from './free-port.js';
import { makeTemplate } from './template.js';
import { superuserFile } from './test-home.js';

export interface OwnCluster {
  readonly home: string;
  readonly superuser: DatabaseTarget;
  /** kill −9 of the server itself; its sessions notice by themselves. */
  kill(): void;
  /** What a supervisor does when the server has ended; one that has not is stopped first. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

/** @param dir where its folder goes @param more settings of the server */
export async function ownCluster(
  dir: string = tmpdir(),
  more: Readonly<Record<string, string>> = {},
): Promise<OwnCluster> {
  const home = mkdtempSync(join(dir, 'tyiym-own-'));
  const port = await freePort();
  // A killed server loses nothing of what the system has written; only lost power would.
  const settings = { fsync: 'off', full_page_writes: 'off', ...more };
  const start = (): Promise<Cluster> =>
    startCluster({ dir: join(home, 'pg'), port, superuserPasswordFile: superuserFile(home), settings });
  let cluster = await start();
  await makeTemplate(home, cluster);
  return {
    ...{ home, superuser: cluster.superuser },
    kill: () => process.kill(cluster.pid, 'SIGKILL'),
    startAgain: async () => {
      // It may be about to end by itself, or be up again.
      await cluster.stop();
      cluster = await start();
    },
    close: async () => {
      await cluster.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

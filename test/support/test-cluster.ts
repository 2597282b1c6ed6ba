/**
 * A program: keeps one PostgreSQL with a migrated template database in the folder it is given, says `ready`, and removes
 * both when its standard input ends.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../../apps/sandbox/postgres/cluster.js';
import { freePort } from './free-port.js';
import { makeTemplate } from './template.js';
import { superuserFile, writeTestCluster } from './test-home.js';

const home = process.argv[2] ?? '';

// Ctrl-C reaches the whole group; the end of standard input is the one signal that says the run is over.
process.on('SIGINT', () => undefined);
process.stdin.resume();
const ended = new Promise((resolve) => process.stdin.once('end', resolve));

try {
  const cluster = await startCluster({
    dir: join(home, 'pg'),
    port: await freePort(),
    superuserPasswordFile: superuserFile(home),
    // A test machine may lose power, its databases need not survive that; a killed server loses nothing even so.
    settings: { fsync: 'off', full_page_writes: 'off' },
  });
  try {
    await makeTemplate(home, cluster);
    writeTestCluster(home, cluster);
    process.stdout.write('ready\n');
    await ended;
  } finally {
    await cluster.stop();
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

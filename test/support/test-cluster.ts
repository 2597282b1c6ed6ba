/**
 * A program: keeps one PostgreSQL with a migrated template database in the folder it is given, says `ready`, and removes
 * both when its standard input ends.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '#libs/platform/migrate.js';
import { startCluster, type Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { ownerRole, provision, roleTarget } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { freePort } from './free-port.js';
import { secretsDir, superuserFile, templateName, writeTestCluster } from './test-home.js';

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
    await makeTemplate(cluster);
    writeTestCluster(home, cluster);
    process.stdout.write('ready\n');
    await ended;
  } finally {
    await cluster.stop();
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function makeTemplate({ superuser }: Cluster): Promise<void> {
  const secrets = secretsDir(home);
  await provision({ superuser, secretsDir: secrets, databaseName: templateName });
  await migrate(roleTarget(superuser, templateName, secrets, ownerRole));
  const client = new pg.Client(clientConfig(superuser));
  await client.connect();
  // Nobody may enter from now on, because a database in use cannot be cloned.
  await client.query(`ALTER DATABASE ${templateName} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  await client.end();
}

/** The migrated database from which the specs clone theirs. */
import pg from 'pg';
import { migrate } from '#libs/platform/migrate.js';
import type { Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { ownerRole, provision, roleTarget } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { secretsDir, templateName } from './test-home.js';

/** Makes the template in a new cluster, whose secrets go into this folder. */
export async function makeTemplate(home: string, { superuser }: Cluster): Promise<void> {
  const secrets = secretsDir(home);
  await provision({
    superuser,
    secretsDir: secrets,
    databaseName: templateName,
    sessions: 'unbounded',
  });
  await migrate(roleTarget(superuser, templateName, secrets, ownerRole));
  const client = new pg.Client(clientConfig(superuser));
  await client.connect();
  // Nobody may enter from now on, because a database in use cannot be cloned.
  await client.query(`ALTER DATABASE ${templateName} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  await client.end();
}

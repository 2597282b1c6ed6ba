/**
 * A database of its own for a spec file: cloned from the migrated template in a fraction of a second, entered as any
 * role, dropped at the end. `const database = await testDatabase()` in `beforeAll`, `database.drop()` in `afterAll`.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { grantConnect, ownerRole, roleTarget, type Role } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { secretsDir, templateName, testCluster } from './test-home.js';

export interface TestDatabase {
  readonly name: string;
  /** How `role` reaches this database; hand it to `openDatabase` or write it into a configuration file. */
  target(role: Role): DatabaseTarget;
  /** The file with the role's password, for `passwordFile` of a configuration. */
  passwordFile(role: Role): string;
  /** A connected client that passes every grant and policy; ended by `drop`. */
  readonly superuser: pg.Client;
  /** A connected client of the role that owns the tables; ended by `drop`. */
  readonly owner: pg.Client;
  /** The same over new connections, after the server was killed under these. */
  again(): Promise<TestDatabase>;
  /**
   * A copy of it as it stands, as a backup would be, entered over connections of its own. Whoever is connected to this one
   * is cut off: go on with `again()`.
   */
  copy(): Promise<TestDatabase>;
  /** Ends its own connections and leaves the database. */
  leave(): Promise<void>;
  /** Ends whoever is still connected. */
  drop(): Promise<void>;
}

/** Clones the template of a cluster; any number may do so at once, because nobody is ever connected to it. */
export async function testDatabase(cluster: Cluster = testCluster()): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(cluster.superuser, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName} OWNER ${ownerRole}`);
    await grantConnect(client, name);
  });
  return enter(cluster, name);
}

/** Runs a statement that no trigger sees, as somebody would who owns the disk; `client` is a superuser's. */
export async function pastGuards(client: pg.Client, sql: string, values: unknown[] = []): Promise<void> {
  await client.query('SET session_replication_role = replica');
  try {
    await client.query(sql, values);
  } finally {
    await client.query('SET session_replication_role = DEFAULT');
  }
}

type Cluster = ReturnType<typeof testCluster>;

async function enter(cluster: Cluster, name: string): Promise<TestDatabase> {
  const { home, superuser: admin } = cluster;
  const secrets = secretsDir(home);
  const target = (role: Role) => roleTarget(admin, name, secrets, role);
  const superuser = await connect({ ...admin, name });
  const owner = await connect(target(ownerRole));
  const leave = async (): Promise<void> => void (await Promise.all([superuser.end(), owner.end()]));
  return {
    name,
    target,
    passwordFile: (role) => `${secrets}/${role}`,
    superuser,
    owner,
    again: () => enter(cluster, name),
    async copy() {
      const other = `test_${randomBytes(6).toString('hex')}`;
      await leave();
      await asAdmin(admin, async (client) => {
        // A pool that comes back in between would stand in the way of the copying.
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await client.query(
          'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1',
          [name],
        );
        await client.query(`CREATE DATABASE ${other} TEMPLATE ${name} OWNER ${ownerRole}`);
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
        await grantConnect(client, other);
      });
      return enter(cluster, other);
    },
    leave,
    async drop() {
      await leave();
      await asAdmin(admin, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function asAdmin(admin: DatabaseTarget, act: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = await connect(admin);
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

async function connect(target: DatabaseTarget): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(target));
  // A spec may kill the server; whoever asks over this connection afterwards is told.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

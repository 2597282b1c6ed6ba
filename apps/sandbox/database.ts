/** The database of the sandbox: its own PostgreSQL from npm, or the server that `DATABASE_URL` names. */
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { bureauDatabases, provisionBureaus } from './bureau-process.js';
import type { Home, Ports } from './plan.js';
import { KeptCluster } from './kept-cluster.js';
import { existingServer } from './postgres/existing.js';
import { freeDataDirectory } from './postgres/postmaster.js';
import { connectionLimits, provision, roleTarget, type Role } from './postgres/provision.js';
import { clientConfig } from './postgres/target.js';

const databaseName = 'tyiym';

export interface SandboxDatabase {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** What it runs on, for the person at the terminal. */
  readonly described: string;
  target(role: Role): DatabaseTarget;
  /** Ends our own server; one of DATABASE_URL is left alone. */
  stop(): Promise<void>;
}

/**
 * Starts or finds the server, and makes roles and database where they are missing.
 * @param say tells the person at the terminal what happens by itself.
 */
export async function startDatabase(
  home: Home,
  ports: Ports,
  url: string | undefined,
  say: (line: string) => void,
): Promise<SandboxDatabase> {
  const own =
    url === undefined
      ? await KeptCluster.start(
          {
            dir: home.at('pg'),
            port: ports.postgres,
            superuserPasswordFile: home.at('secrets', 'postgres'),
          },
          say,
        )
      : undefined;
  const superuser = own?.superuser ?? (await existingServer(url ?? ''));
  const secretsDir = home.at('secrets');
  try {
    await provision({ superuser, secretsDir, databaseName, limits: connectionLimits });
    await provisionBureaus(superuser, home);
  } catch (error) {
    await own?.stop();
    throw error;
  }
  const { host, port } = superuser;
  return {
    host,
    port,
    name: databaseName,
    described:
      own === undefined
        ? `the server of DATABASE_URL, database ${databaseName}`
        : `PostgreSQL from npm on port ${port}`,
    target: (role) => roleTarget(superuser, databaseName, secretsDir, role),
    stop: async () => own?.stop(),
  };
}

/** Ends a server of our own that outlived its sandbox. @throws Error when its sandbox lives. */
export async function freeCluster(home: Home): Promise<void> {
  await freeDataDirectory(home.at('pg', 'data'), home.at('pg', 'launcher.pid'));
}

/** Drops the registry's database and the bureaus' from a server of DATABASE_URL, for `--fresh`; our own goes with its folder. */
export async function dropExisting(url: string): Promise<void> {
  const client = new pg.Client(clientConfig(await existingServer(url)));
  await client.connect();
  try {
    for (const name of [databaseName, ...bureauDatabases])
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

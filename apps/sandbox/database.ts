/** The database of the sandbox: its own PostgreSQL from npm, or the server that `DATABASE_URL` names. */
import { existsSync } from 'node:fs';
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { bureauNames, provisionBureaus } from './bureau-process.js';
import type { DatabaseServer } from './configs.js';
import { markOf, type Identity } from './identity.js';
import { KeptCluster } from './kept-cluster.js';
import type { Home, Ports } from './plan.js';
import { freeDataDirectory } from './postgres/postmaster.js';
import { asUser, provision, roleTarget, type Role } from './postgres/provision.js';
import { assertOurs } from './postgres/survey.js';
import type { HeldServer } from './server.js';

/** In the PostgreSQL from npm, which holds nothing else. */
const ownNames = ['tyiym', ...bureauNames.map((name) => `sandbox_${name}`)] as const;

export interface SandboxDatabase {
  readonly server: DatabaseServer;
  /** Of the bureaus, by name. */
  readonly bureaus: Readonly<Record<string, DatabaseServer>>;
  /** What it runs on, for the person at the terminal. */
  readonly described: string;
  target(role: Role): DatabaseTarget;
  /** Ends our own server; one of DATABASE_URL is left alone. */
  stop(): Promise<void>;
}

/**
 * Starts our own server or takes the one that is held, and makes roles and databases where they are missing.
 * @param say tells the person at the terminal what happens by itself.
 */
export async function startDatabase(
  { home, ports, identity }: { readonly home: Home; readonly ports: Ports; readonly identity: Identity },
  held: HeldServer | undefined,
  say: (line: string) => void,
): Promise<SandboxDatabase> {
  const dir = home.at('pg');
  const superuserPasswordFile = home.at('secrets', 'postgres');
  const own =
    held === undefined
      ? await KeptCluster.start({ dir, port: ports.postgres, superuserPasswordFile }, say)
      : undefined;
  const superuser = own?.superuser ?? held?.superuser;
  if (superuser === undefined) throw new Error('there is no server');
  const [name = '', ...ofBureaus] = held?.claim.databases ?? ownNames;
  const secretsDir = home.at('secrets');
  const mark = markOf(identity);
  try {
    await assertKept(home, superuser, name);
    const survey = held && { assertOurs: (client: pg.Client) => assertOurs(client, superuser, held.claim) };
    await provision({ superuser, secretsDir, databaseName: name, mark, ...survey });
    await provisionBureaus(superuser, home, { mark, databases: ofBureaus });
  } catch (error) {
    await own?.stop();
    throw error;
  }
  const { host, port } = superuser;
  const at = { host, port, ...(held?.caFile !== undefined && { caFile: held.caFile }) };
  return {
    server: { ...at, name },
    bureaus: Object.fromEntries(
      bureauNames.map((bureau, place) => [bureau, { ...at, name: ofBureaus[place] ?? '' }]),
    ),
    described:
      own === undefined
        ? `the server of DATABASE_URL, database ${name}`
        : `PostgreSQL from npm on port ${port}`,
    target: (role) => roleTarget(superuser, name, secretsDir, role),
    stop: async () => own?.stop(),
  };
}

/** A home whose registry was founded must find it: founded again under the same keys it would be a fork of itself. */
async function assertKept(home: Home, superuser: DatabaseTarget, name: string): Promise<void> {
  if (!existsSync(home.at('pins.json'))) return;
  await asUser(superuser, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0)
      throw new Error(
        `${home.dir} has the keys and files of a registry whose database ${name} is gone from the server at ${superuser.host}:${String(superuser.port)}. Put the database back, or begin anew with npm start -- --fresh.`,
      );
  });
}

/** Ends a server of our own that outlived its sandbox. @throws Error when its sandbox lives. */
export async function freeCluster(home: Home): Promise<void> {
  await freeDataDirectory(home.at('pg', 'data'), home.at('pg', 'launcher.pid'));
}

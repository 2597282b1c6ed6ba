/**
 * The server that `DATABASE_URL` names, looked at before anything is touched: fit, of this home, and not in use. While it
 * is held no second sandbox of this home comes in.
 */
import pg from 'pg';
import { bureauNames } from './bureau-process.js';
import { keepIdentity, markOf, npmServer, type Identity } from './identity.js';
import type { Home } from './plan.js';
import type { NamedServer } from './postgres/database-url.js';
import { existingServer } from './postgres/existing.js';
import { allRoles } from './postgres/provision.js';
import { assertOurs, presentOf, type Claim } from './postgres/survey.js';
import { clientConfig } from './postgres/target.js';

export interface HeldServer extends NamedServer {
  readonly id: string;
  readonly claim: Claim;
  /** What of this home is there already. */
  readonly present: readonly string[];
  /** Drops the databases of this home and nothing else, for `--fresh`. @throws Error when one is not of this home any more. */
  drop(): Promise<void>;
  /** Lets others come. */
  leave(): Promise<void>;
}

/**
 * @param url `DATABASE_URL`; undefined: the PostgreSQL from npm, which lies in the home and needs no asking
 * @param isFresh whether what the home has will be taken away
 * @throws Error that says why this server is not for this home; nothing was altered then
 */
export async function holdServer(
  identity: Identity,
  url: string | undefined,
  isFresh: boolean,
): Promise<HeldServer | undefined> {
  if (url === undefined) {
    assertBoundTo(identity, npmServer.id, isFresh);
    return undefined;
  }
  const named = await existingServer(url);
  const { superuser } = named;
  const client = new pg.Client(clientConfig(superuser));
  // The server may go while nobody asks; the processes notice by themselves.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const id = await serverId(client);
    assertBoundTo(identity, id, isFresh);
    await assertAlone(client, identity);
    const claim = claimOf(identity);
    await assertOurs(client, superuser, claim);
    return {
      ...named,
      ...{ id, claim, present: await presentOf(client, claim), leave: () => client.end() },
      drop: async () => {
        await assertOurs(client, superuser, claim);
        for (const name of await presentOf(client, claim))
          await client.query(`DROP DATABASE ${client.escapeIdentifier(name)} WITH (FORCE)`);
      },
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Writes down which server this home is bound to from now on. */
export function bindTo(home: Home, identity: Identity, held: HeldServer | undefined): void {
  const { host, port } = held?.superuser ?? {};
  const server = held === undefined ? npmServer : { id: held.id, at: `${host ?? ''}:${String(port)}` };
  keepIdentity(home, { ...identity, server });
}

/** Names on a server that others use, too: the roles are every sandbox's, the databases this home's. */
function claimOf(identity: Identity): Claim {
  const own = `tyiym_${identity.id}`;
  return {
    mark: markOf(identity),
    roles: [...allRoles, ...bureauNames.map((name) => `sandbox_${name}`)],
    databases: [own, ...bureauNames.map((name) => `${own}_${name}`)],
  };
}

/** A registry is in one server: begun in another its keys would sign a second history. */
function assertBoundTo({ server, dir, copyOf }: Identity, id: string, isFresh: boolean): void {
  if (server === undefined || server.id === id) return;
  const isInHome = server.id === npmServer.id;
  // What lies in the home goes with --fresh; what a copy was copied from goes on without it.
  if (isFresh && (isInHome || copyOf !== undefined)) return;
  const place = isInHome ? server.at : `a PostgreSQL of yours, last at ${server.at}`;
  const remedy = isInHome ? 'Leave DATABASE_URL out' : 'Let DATABASE_URL name that server';
  const whose = copyOf === undefined ? dir : `${copyOf}, of which ${dir} is a copy,`;
  throw new Error(
    `The registry of ${whose} lies in ${place}, and this start would use another. ${remedy}, or set TYIYM_HOME to another folder. Nothing was altered.`,
  );
}

/** The same under every address, and in no other cluster. */
async function serverId(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT system_identifier::text AS id FROM pg_control_system()',
  );
  return rows[0]?.id ?? '';
}

async function assertAlone(client: pg.Client, identity: Identity): Promise<void> {
  await client.query('SET idle_session_timeout = 0');
  const { rows } = await client.query<{ got: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS got',
    [markOf(identity)],
  );
  if (rows[0]?.got !== true)
    throw new Error(
      `The registry of ${identity.dir} is in use by a running sandbox. Stop it first, or set TYIYM_HOME to another folder.`,
    );
}

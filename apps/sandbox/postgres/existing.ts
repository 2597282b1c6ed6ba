/** A PostgreSQL that is there already, named by `DATABASE_URL`: used when it is new enough and lets us make roles. */
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { clientConfig } from './target.js';

/** transaction_timeout, on which the write path relies, came with 17. */
const oldestVersion = 17;

/**
 * The login that `DATABASE_URL` names, once the server behind it is known to be fit.
 * @throws Error without the URL's password when it is malformed, unreachable, too old or not a superuser's.
 */
export async function existingServer(databaseUrl: string): Promise<DatabaseTarget> {
  const superuser = parseDatabaseUrl(databaseUrl);
  await assertVersion(superuser);
  return superuser;
}

/** What the server says of itself and of the session. */
export interface ServerFacts {
  readonly version: string;
  readonly isSuperuser: string;
}

/** Why this server cannot hold the registry, as the rest of a sentence; undefined when it can. */
export function unfitBecause(facts: ServerFacts | undefined): string | undefined {
  const { version = 'unknown', isSuperuser = 'off' } = facts ?? {};
  if (!(Number.parseInt(version, 10) >= oldestVersion)) {
    return `is version ${version}, and Tyiym needs ${String(oldestVersion)} or newer. Without DATABASE_URL the one from npm is used.`;
  }
  if (isSuperuser !== 'on') return 'lets this role in, but DATABASE_URL must name a superuser to make roles.';
  return undefined;
}

/** @throws Error when the server is older than 17, or the login is not a superuser's. */
export async function assertVersion(target: DatabaseTarget): Promise<void> {
  const client = new pg.Client(clientConfig(target));
  const where = `${target.host}:${String(target.port)}`;
  try {
    await client.connect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new Error(`PostgreSQL at ${where} does not let ${target.user} in: ${reason}`, { cause });
  }
  try {
    const { rows } = await client.query<ServerFacts>(
      `SELECT current_setting('server_version') AS "version", current_setting('is_superuser') AS "isSuperuser"`,
    );
    const reason = unfitBecause(rows[0]);
    if (reason !== undefined) throw new Error(`PostgreSQL at ${where} ${reason}`);
  } finally {
    await client.end();
  }
}

function parseDatabaseUrl(databaseUrl: string): DatabaseTarget {
  const form = 'postgres://<user>:<password>@<host>:<port>/<database>';
  if (!URL.canParse(databaseUrl)) throw new Error(`DATABASE_URL is not a URL of the form ${form}.`);
  const { protocol, hostname, port, pathname, username, password } = new URL(databaseUrl);
  if (!/^postgres(ql)?:$/.test(protocol)) throw new Error(`DATABASE_URL must be of the form ${form}.`);
  return {
    host: hostname || '127.0.0.1',
    port: Number(port || 5432),
    name: decodeURIComponent(pathname.slice(1)) || 'postgres',
    user: decodeURIComponent(username) || 'postgres',
    password: decodeURIComponent(password),
  };
}

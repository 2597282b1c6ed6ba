/** A PostgreSQL that is there already, named by `DATABASE_URL`: used when it is new enough and lets us make roles. */
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { parseDatabaseUrl, type NamedServer } from './database-url.js';
import { clientConfig } from './target.js';

/** transaction_timeout, on which the write path relies, came with 17. */
const oldestVersion = 17;

/**
 * The login that `DATABASE_URL` names, once the server behind it is known to be fit.
 * @throws Error without the URL's password when it is malformed, unreachable, too old, read-only or not a superuser's.
 */
export async function existingServer(databaseUrl: string): Promise<NamedServer> {
  const named = parseDatabaseUrl(databaseUrl);
  await assertVersion(named.superuser);
  return named;
}

/** What the server says of itself and of the session. */
export interface ServerFacts {
  readonly version: string;
  readonly isSuperuser: string;
  readonly isStandby: boolean;
  readonly isReadOnly: string;
}

/** Why this server cannot hold the registry, as the rest of a sentence; undefined when it can. */
export function unfitBecause(facts: Partial<ServerFacts> = {}): string | undefined {
  const { version = 'unknown', isSuperuser = 'off', isStandby = false, isReadOnly = 'off' } = facts;
  if (!(Number.parseInt(version, 10) >= oldestVersion)) {
    return `is version ${version}, and Tyiym needs ${String(oldestVersion)} or newer. Without DATABASE_URL the one from npm is used.`;
  }
  if (isStandby) return 'is a standby and takes no writes: let DATABASE_URL name the primary.';
  if (isReadOnly !== 'off')
    return 'lets this role only read (default_transaction_read_only): let DATABASE_URL name a login that may write.';
  if (isSuperuser !== 'on')
    return 'lets this role in, but DATABASE_URL must name a superuser: CREATEROLE and CREATEDB are not enough to take functions of the server from PUBLIC.';
  return undefined;
}

/** @throws Error when the server is older than 17, takes no writes, or the login is not a superuser's. */
export async function assertVersion(target: DatabaseTarget): Promise<void> {
  const client = new pg.Client(clientConfig(target));
  const where = `${target.host}:${String(target.port)}`;
  try {
    await client.connect();
  } catch (cause) {
    throw new Error(`PostgreSQL at ${where} does not let ${target.user} in: ${whyNot(cause, target)}`, {
      cause,
    });
  }
  try {
    const { rows } = await client.query<ServerFacts>(
      `SELECT current_setting('server_version') AS "version", current_setting('is_superuser') AS "isSuperuser",
        pg_is_in_recovery() AS "isStandby", current_setting('default_transaction_read_only') AS "isReadOnly"`,
    );
    const reason = unfitBecause(rows[0]);
    if (reason !== undefined) throw new Error(`PostgreSQL at ${where} ${reason}`);
  } finally {
    await client.end();
  }
}

/** The server's own reason, and what to do where that is not in it. */
function whyNot(cause: unknown, { name }: DatabaseTarget): string {
  if (!(cause instanceof Error)) return String(cause);
  const reason = cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === '3D000')
    return `${reason}. Let the path of DATABASE_URL be a database that is there, such as /postgres: it is only entered, and the sandbox makes its own beside ${name}.`;
  if (code === '28000' && /no encryption/.test(reason))
    return `${reason}. The server asks for TLS: add ?sslmode=verify-full&sslrootcert=<PEM file of its authority>.`;
  return reason;
}

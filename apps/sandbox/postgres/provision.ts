/**
 * What only a superuser can do before `tool migrate`: the owner, one role per process, and the database.
 * Idempotent: a second start finds everything as it was, and a lost password file means a new password.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { clientConfig } from './target.js';

/** Owns the database and everything in it; migrations run as it, no app does. */
export const ownerRole = 'tyiym_owner';

/** One role per process: what each may do is granted beside each table, in the migrations. */
export const appRoles = [
  'tyiym_citizen',
  'tyiym_lender',
  'tyiym_bureau',
  'tyiym_access',
  'tyiym_log',
  'tyiym_clerk_worker',
  'tyiym_clerk_signer',
  'tyiym_tool',
] as const;

export type Role = typeof ownerRole | (typeof appRoles)[number];

export const allRoles: readonly Role[] = [ownerRole, ...appRoles];

/** One open snapshot made all checks slower, and a lock waited for is a request that hangs; so no app may hold either. */
const appSettings = {
  transaction_timeout: '5s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '5s',
  default_transaction_isolation: 'read committed',
} as const;

/**
 * Sessions of a role: two processes with a pool of ten each and their listeners. The sum stays below `max_connections`, so
 * that a role that opens as many as it may keeps no other out.
 */
export const connectionLimits: Readonly<Record<(typeof appRoles)[number], number>> = {
  tyiym_citizen: 24,
  tyiym_lender: 28,
  tyiym_bureau: 24,
  tyiym_access: 24,
  tyiym_log: 24,
  tyiym_clerk_worker: 36,
  tyiym_clerk_signer: 8,
  tyiym_tool: 12,
};

export interface ProvisionOptions {
  readonly superuser: DatabaseTarget;
  /** Gets one file per role, 0600, named as the role and holding its password. */
  readonly secretsDir: string;
  /** The database to make. */
  readonly databaseName: string;
  /** Sessions each role may have in the whole server; without them as many as there are. */
  readonly limits?: Readonly<Record<(typeof appRoles)[number], number>>;
}

/** Makes the roles and the database where they are missing, and sets their passwords and settings. */
export async function provision(options: ProvisionOptions): Promise<void> {
  const { superuser, secretsDir, databaseName, limits } = options;
  const client = new pg.Client(clientConfig(superuser));
  await client.connect();
  try {
    for (const role of allRoles) await provisionRole(client, role, ensurePassword(secretsDir, role));
    for (const role of appRoles) await setForRole(client, role, limits?.[role] ?? -1);
    // For end_stuck_backends(): who holds the head and since when, and to end him.
    await client.query(`GRANT pg_signal_backend, pg_read_all_stats TO ${ownerRole}`);
    await ensureDatabase(client, databaseName);
  } finally {
    await client.end();
  }
  await inDatabase({ ...superuser, name: databaseName }, revokeFromPublic);
}

async function inDatabase(target: DatabaseTarget, act: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(clientConfig(target));
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

/**
 * What PostgreSQL lets everybody do that no process of ours needs: to keep files in large objects, which no grant of a table
 * bounds, and to hold advisory locks, behind which others of ours wait. Those that end with their transaction stay with the
 * roles that use them.
 */
async function revokeFromPublic(client: pg.Client): Promise<void> {
  await client.query(`DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
      AND (proname LIKE 'lo\\_%' OR proname IN ('loread', 'lowrite') OR proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$')
    LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f); END LOOP;
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
      AND proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$'
    LOOP EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ${ownerRole}', f); END LOOP;
  END $$`);
  await client.query(
    'GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO tyiym_citizen, tyiym_lender, tyiym_clerk_worker',
  );
}

/** The login of a role of this home. @throws Error when there is no password file. */
export function roleTarget(
  server: DatabaseTarget,
  databaseName: string,
  secretsDir: string,
  role: Role,
): DatabaseTarget {
  const password = readFileSync(join(secretsDir, role), 'utf8').trim();
  return { host: server.host, port: server.port, name: databaseName, user: role, password };
}

/** Who may enter a database of ours: the roles, and nobody by being PUBLIC. PostgreSQL never copies these grants. */
export async function grantConnect(client: pg.Client, databaseName: string): Promise<void> {
  const database = client.escapeIdentifier(databaseName);
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${appRoles.join(', ')}`);
  // An import stages what it reads.
  await client.query(`GRANT TEMPORARY ON DATABASE ${database} TO tyiym_tool`);
}

async function ensureDatabase(client: pg.Client, databaseName: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName]);
  if (rowCount === 0) {
    const database = client.escapeIdentifier(databaseName);
    // Texts sort by code point on every machine, whatever the server's own locale is.
    const locale = `ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'`;
    await client.query(`CREATE DATABASE ${database} OWNER ${ownerRole} ${locale} TEMPLATE template0`);
  }
  await grantConnect(client, databaseName);
}

async function provisionRole(client: pg.Client, role: Role, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
  const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
  await client.query(`ALTER ROLE ${role} ${rights} PASSWORD ${client.escapeLiteral(password)}`);
}

async function setForRole(client: pg.Client, role: Role, connections: number): Promise<void> {
  await client.query(`ALTER ROLE ${role} CONNECTION LIMIT ${connections}`);
  for (const [name, value] of Object.entries(appSettings)) {
    await client.query(`ALTER ROLE ${role} SET ${name} = ${client.escapeLiteral(value)}`);
  }
}

function ensurePassword(secretsDir: string, role: Role): string {
  const file = join(secretsDir, role);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(32).toString('base64url');
  mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, password, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return password;
}

/**
 * What only a superuser can do before `tool migrate`: the owner, one role per process, and the database, by the files that
 * docs/operations.md gives an operator. Idempotent: a second start finds everything as it was, and a lost password file
 * means a new password.
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

const fileOf = (name: string): string =>
  readFileSync(new URL(`../../../migrations/${name}`, import.meta.url), 'utf8');

export interface ProvisionOptions {
  readonly superuser: DatabaseTarget;
  /** Gets one file per role, 0600, named as the role and holding its password. */
  readonly secretsDir: string;
  /** The database to make. */
  readonly databaseName: string;
  /** How many sessions each role may have: as roles.sql says, or any number, where many registries share a server. */
  readonly sessions?: 'bounded' | 'unbounded';
  /** What roles and database bear as their comment. */
  readonly mark?: string;
  /** Asked once no other can make roles any more and before one is altered. @throws Error to alter nothing. */
  readonly assertOurs?: (client: pg.Client) => Promise<void>;
}

/** Makes the roles and the database where they are missing, and sets their passwords and settings. */
export async function provision(options: ProvisionOptions): Promise<void> {
  const { superuser, databaseName, mark } = options;
  await asUser(superuser, async (client) => {
    await makeRoles(client, options);
    await ensureDatabase(client, databaseName, ownerRole);
    if (mark !== undefined) await markDatabase(client, databaseName, mark);
  });
  await asUser({ ...superuser, name: databaseName }, async (client) => {
    await client.query(fileOf('database.sql'));
  });
}

/** All roles in one transaction: a start that is killed leaves all of them, marked, or none. */
async function makeRoles(client: pg.Client, options: ProvisionOptions): Promise<void> {
  const { secretsDir, sessions = 'bounded', mark, assertOurs } = options;
  await inTransaction(client, async () => {
    await assertOurs?.(client);
    await client.query(fileOf('roles.sql'));
    for (const role of allRoles) {
      const password = client.escapeLiteral(ensurePassword(secretsDir, role));
      await client.query(`ALTER ROLE ${role} PASSWORD ${password}`);
      if (sessions === 'unbounded') await client.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
      if (mark !== undefined) await markRole(client, role, mark);
    }
  });
}

/** Runs with the server's roles locked against every other writer of roles. */
export async function inTransaction(client: pg.Client, act: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE');
    await act();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** A role's comment. */
export async function markRole(client: pg.Client, role: string, mark: string): Promise<void> {
  await client.query(`COMMENT ON ROLE ${client.escapeIdentifier(role)} IS ${client.escapeLiteral(mark)}`);
}

/** A database's comment. */
export async function markDatabase(client: pg.Client, name: string, mark: string): Promise<void> {
  await client.query(`COMMENT ON DATABASE ${client.escapeIdentifier(name)} IS ${client.escapeLiteral(mark)}`);
}

/** Runs with a connection of its own. */
export async function asUser(
  target: DatabaseTarget,
  act: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client(clientConfig(target));
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

/** The login of a role of this home. @throws Error when there is no password file. */
export function roleTarget(
  server: DatabaseTarget,
  databaseName: string,
  secretsDir: string,
  role: Role,
): DatabaseTarget {
  const password = readFileSync(join(secretsDir, role), 'utf8').trim();
  return { ...server, name: databaseName, user: role, password };
}

/** Who may enter a database of ours: the roles, and nobody by being PUBLIC. PostgreSQL never copies these grants. */
export async function grantConnect(client: pg.Client, databaseName: string): Promise<void> {
  const database = client.escapeIdentifier(databaseName);
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${appRoles.join(', ')}`);
  await client.query(`GRANT TEMPORARY ON DATABASE ${database} TO tyiym_tool`);
}

/** Makes a database where it is missing. */
export async function ensureDatabase(client: pg.Client, name: string, owner: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount !== 0) return;
  const [database, role] = [client.escapeIdentifier(name), client.escapeIdentifier(owner)];
  // Texts sort by code point on every machine, whatever the server's own locale is.
  const locale = `ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'`;
  await client.query(`CREATE DATABASE ${database} OWNER ${role} ${locale} TEMPLATE template0`);
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

/**
 * Whether a server that is not ours may be touched: nothing is altered here. A role or a database of ours bears the mark
 * of this home as its comment; without it, or with that of another, it is somebody's registry, and the sandbox stays away.
 */
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { clientConfig } from './target.js';

export interface Claim {
  /** What roles and databases of this home bear. */
  readonly mark: string;
  readonly roles: readonly string[];
  /** The registry's first. */
  readonly databases: readonly string[];
}

interface Marked {
  readonly name: string;
  readonly mark: string | null;
}

const remedy =
  'Nothing was altered. Let DATABASE_URL name a server of the sandbox alone, or leave it out and use the one from npm.';

/** @throws Error that names what on this server is not of this home, and what to do. */
export async function assertOurs(client: pg.Client, where: DatabaseTarget, claim: Claim): Promise<void> {
  const server = `The server at ${where.host}:${String(where.port)}`;
  for (const { name, mark } of await markedRoles(client, claim.roles))
    if (mark !== claim.mark) throw new Error(`${server} ${await saidOfRole(client, name, mark, claim)}`);
  const users = await usersOf(client, claim);
  if (users.length > 0)
    throw new Error(
      `${server} has databases that use the roles of this sandbox and are not of it: ${users.join(', ')}. ${remedy}`,
    );
  for (const database of await markedDatabases(client, claim.databases)) {
    const fault = await faultOf(where, database, claim);
    if (fault !== undefined)
      throw new Error(`${server} holds the database ${database.name}, ${fault}. ${remedy}`);
  }
}

/** Which of the claim's databases are there. */
export async function presentOf(client: pg.Client, { databases }: Claim): Promise<readonly string[]> {
  return (await markedDatabases(client, databases)).map(({ name }) => name);
}

async function saidOfRole(
  client: pg.Client,
  name: string,
  mark: string | null,
  { roles }: Claim,
): Promise<string> {
  if (mark === null || !/^tyiym sandbox [0-9a-f]+$/.test(mark))
    return `has the role ${name}, which no sandbox made: a registry may live there. ${remedy}`;
  const { rows } = await client.query<Marked>(
    `SELECT datname AS name FROM pg_database WHERE shobj_description(oid, 'pg_database') = $1 ORDER BY 1`,
    [mark],
  );
  const theirs = rows.map((row) => row.name).join(', ') || 'none';
  return (
    `belongs to another sandbox, whose home.json says "id": "${mark.replace(/.* /, '')}": its roles are there, ${name} for one, ` +
    `and a server has room for one. ${remedy} If that home is gone for good, drop its databases (${theirs}) and roles ` +
    `(${roles.join(', ')}) by hand.`
  );
}

async function markedRoles(client: pg.Client, roles: readonly string[]): Promise<readonly Marked[]> {
  const { rows } = await client.query<Marked>(
    `SELECT rolname AS name, shobj_description(oid, 'pg_authid') AS mark FROM pg_authid WHERE rolname = ANY ($1) ORDER BY 1`,
    [roles],
  );
  return rows;
}

async function markedDatabases(
  client: pg.Client,
  names: readonly string[],
): Promise<readonly (Marked & { readonly owner: string })[]> {
  const { rows } = await client.query<Marked & { readonly owner: string }>(
    `SELECT datname AS name, shobj_description(oid, 'pg_database') AS mark, pg_get_userbyid(datdba) AS owner
     FROM pg_database WHERE datname = ANY ($1) ORDER BY 1`,
    [names],
  );
  return rows;
}

/** Databases in which a role of ours owns or may do something, as the server itself keeps count of it. */
async function usersOf(client: pg.Client, { roles, databases }: Claim): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT d.datname AS name FROM pg_shdepend s
       JOIN pg_authid r ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
       JOIN pg_database d ON d.oid = s.dbid OR (s.classid = 'pg_database'::regclass AND s.objid = d.oid)
     WHERE r.rolname = ANY ($1) AND d.datname <> ALL ($2) ORDER BY 1`,
    [roles, databases],
  );
  return rows.map(({ name }) => name);
}

/** Why a database under one of our names is not ours, as the end of a sentence. */
async function faultOf(
  where: DatabaseTarget,
  { name, mark, owner }: Marked & { readonly owner: string },
  claim: Claim,
): Promise<string | undefined> {
  if (mark !== null && mark !== claim.mark) return 'which bears the mark of another';
  const { origin, isEmpty } = await contentOf({ ...where, name });
  if (origin !== undefined && !origin.startsWith('sandbox.'))
    return `which is a registry of the origin ${origin}, and no sandbox's`;
  // A start that was killed between making a database and marking it leaves an empty one of a role that bears our mark.
  if (mark === null && !(isEmpty && claim.roles.includes(owner)))
    return 'which does not bear the mark of this home';
  return undefined;
}

async function contentOf(
  target: DatabaseTarget,
): Promise<{ readonly origin: string | undefined; readonly isEmpty: boolean }> {
  const client = new pg.Client(clientConfig(target));
  await client.connect();
  try {
    const { rows } = await client.query<{ head: string | null; tables: number }>(
      `SELECT to_regclass('public.journal_head')::text AS head,
        (SELECT count(*)::int FROM pg_class WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema$)') AS tables`,
    );
    const { head = null, tables = 0 } = rows[0] ?? {};
    if (head === null) return { origin: undefined, isEmpty: tables === 0 };
    const { rows: heads } = await client.query<{ origin: string }>('SELECT origin FROM public.journal_head');
    return { origin: heads[0]?.origin, isEmpty: false };
  } finally {
    await client.end();
  }
}

/** The sandbox on a PostgreSQL that is not its own: looked at first, and what is not of this home is left as it was. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { identityOf } from '../../apps/sandbox/identity.js';
import { startDatabase } from '../../apps/sandbox/database.js';
import { homeFrom, portsFrom, type Home } from '../../apps/sandbox/plan.js';
import { startCluster, type Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { parseDatabaseUrl } from '../../apps/sandbox/postgres/database-url.js';
import { asUser } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { bindTo, holdServer } from '../../apps/sandbox/server.js';
import { freePort } from '../support/free-port.js';

let folder: string;
let cluster: Cluster;
let admin: pg.Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tyiym-foreign-'));
  cluster = await startCluster({
    dir: join(folder, 'server', 'pg'),
    port: await freePort(),
    superuserPasswordFile: join(folder, 'server', 'superuser'),
    settings: { fsync: 'off' },
  });
  admin = new pg.Client(clientConfig(cluster.superuser));
  await admin.connect();
}, 60_000);

afterAll(async () => {
  await admin.end();
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

/** Nobody's server again. */
async function empty(): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname ~ '^(tyiym|registry)'`,
  );
  for (const { name } of rows) await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  const { rows: roles } = await admin.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^(tyiym|sandbox)_'`,
  );
  for (const { name } of roles) {
    await admin.query(`DROP OWNED BY ${name}`);
    await admin.query(`DROP ROLE ${name}`);
  }
}

let homes = 0;
const newHome = (): Home => homeFrom(join(folder, `home-${++homes}`));
const url = (): string => cluster.superuserUrl;

/** What a start does until its tables are made. @returns the registry's database; what it holds is let go */
async function start(home: Home, { fresh = false, at = url() } = {}): Promise<string> {
  const identity = identityOf(home);
  const held = await holdServer(identity, at, fresh);
  try {
    if (fresh) await held?.drop();
    bindTo(home, identity, held);
    const ports = portsFrom(undefined);
    return (await startDatabase({ home, ports, identity }, held, () => undefined)).server.name;
  } finally {
    await held?.leave();
  }
}

const refusal = (...args: Parameters<typeof start>): Promise<string> =>
  start(...args).then(() => 'no refusal', String);

/** Everything of the server that a start could alter: roles with their passwords, databases with their comments. */
async function asItIs(): Promise<unknown> {
  const { rows: roles } = await admin.query(
    `SELECT rolname, rolpassword, rolconnlimit, shobj_description(oid, 'pg_authid') AS mark,
       (SELECT array_agg(s.setconfig) FROM pg_db_role_setting s WHERE s.setrole = a.oid) AS settings
     FROM pg_authid a ORDER BY 1`,
  );
  const { rows: databases } = await admin.query(
    `SELECT datname, datacl::text, shobj_description(oid, 'pg_database') AS mark FROM pg_database ORDER BY 1`,
  );
  return { roles, databases };
}

/** Refused, with a start and with --fresh, and nothing is other than it was. */
async function staysAway(home: Home, reason: RegExp): Promise<void> {
  const before = await asItIs();
  for (const fresh of [false, true]) expect(await refusal(home, { fresh })).toMatch(reason);
  expect(await asItIs()).toEqual(before);
}

async function inDatabase(name: string, sql: string): Promise<void> {
  await asUser({ ...cluster.superuser, name }, async (client) => void (await client.query(sql)));
}

describe('a home on a server of its own', () => {
  beforeEach(empty);

  it('marks roles and databases, finds them again, and begins anew with --fresh in place of what it had', async () => {
    const home = newHome();
    const name = await start(home);
    const { id } = identityOf(home);
    expect(name).toBe(`tyiym_${id}`);
    const { rows } = await admin.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_authid WHERE shobj_description(oid, 'pg_authid') = $1
       UNION SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = $1`,
      [`tyiym sandbox ${id}`],
    );
    expect(rows.length).toBe(11 + 3);
    const before = await asItIs();
    await inDatabase(name, 'CREATE TABLE kept ()');
    expect(await start(home)).toBe(name);
    await inDatabase(name, 'SELECT FROM kept');
    const { databases } = (await asItIs()) as { databases: unknown };
    expect({ databases }).toEqual({ databases: (before as { databases: unknown }).databases });

    await start(home, { fresh: true });
    await expect(inDatabase(name, 'SELECT FROM kept')).rejects.toMatchObject({ code: '42P01' });
  });

  it('goes on where a start was killed, between any two of its steps', async () => {
    const home = newHome();
    const name = await start(home);
    // Roles alone; roles and a database that was not marked yet; roles of the registry, not of a bureau.
    await admin.query(`DROP DATABASE ${name}`);
    expect(await start(home)).toBe(name);
    await admin.query(`COMMENT ON DATABASE ${name} IS NULL`);
    expect(await start(home)).toBe(name);
    await admin.query(`DROP DATABASE ${name}_pkb`);
    await admin.query('DROP ROLE sandbox_pkb');
    expect(await start(home)).toBe(name);
    expect(await start(home, { fresh: true })).toBe(name);
  });

  it('says that its registry is gone instead of founding another under the same keys', async () => {
    const home = newHome();
    const name = await start(home);
    writeFileSync(home.at('pins.json'), '{}');
    await admin.query(`DROP DATABASE ${name}`);
    expect(await refusal(home)).toMatch(/database tyiym_\w+ is gone from the server.*--fresh/);
  });

  it('lets one start in at a time, and --fresh wait until the other has ended', async () => {
    const home = newHome();
    const identity = identityOf(home);
    const held = await holdServer(identity, url(), false);
    bindTo(home, identity, held);
    await staysAway(home, /in use by a running sandbox/);
    await held?.leave();
    await start(home);
  });

  it('is known again when its folder is moved; a copy of the folder owns nothing', async () => {
    const home = newHome();
    const name = await start(home);
    const copy = newHome();
    cpSync(home.dir, copy.dir, { recursive: true });
    await staysAway(copy, /belongs to another sandbox/);
    rmSync(home.dir, { recursive: true });
    const moved = newHome();
    renameSync(copy.dir, moved.dir);
    expect(await start(moved)).toBe(name);
  });
});

describe('a server that is not of this home is left as it was', () => {
  beforeEach(empty);

  const registryRole = `CREATE ROLE tyiym_owner LOGIN PASSWORD 'theirs'`;

  it('when it has roles without a mark', async () => {
    await admin.query(registryRole);
    await staysAway(newHome(), /has the role tyiym_owner, which no sandbox made: a registry may live there/);
    await admin.query(`COMMENT ON ROLE tyiym_owner IS 'the registry'`);
    await staysAway(newHome(), /which no sandbox made/);
  });

  it('when it has one role of a bureau without a mark', async () => {
    await admin.query('CREATE ROLE sandbox_pkb');
    await staysAway(newHome(), /has the role sandbox_pkb/);
  });

  it('when another home lives there, and both that start at once do not get it', async () => {
    const homesAtOnce = [newHome(), newHome(), newHome()];
    const names = await Promise.all(homesAtOnce.map((home) => refusal(home)));
    const refused = names.filter((said) => /belongs to another sandbox, whose home.json says/.test(said));
    expect(refused).toHaveLength(2);
    const away = homesAtOnce[names.findIndex((said) => said !== 'no refusal')];
    await staysAway(
      away ?? newHome(),
      /drop its databases \(tyiym_\w+, tyiym_\w+_gkb, tyiym_\w+_pkb\) and roles/,
    );
  });

  it('when it takes no writes, or lets the login only read', async () => {
    const role = `CREATE ROLE reader SUPERUSER LOGIN PASSWORD 'r'; ALTER ROLE reader SET default_transaction_read_only = on`;
    await admin.query(role);
    const at = url().replace(/\/\/.*@/, '//reader:r@');
    expect(await refusal(newHome(), { at })).toMatch(/lets this role only read/);
    await admin.query('DROP ROLE reader');
    const home = newHome();
    expect(existsSync(home.dir)).toBe(false);
  });

  it('when the login may make roles and databases and is no superuser', async () => {
    await admin.query(`CREATE ROLE maker CREATEROLE CREATEDB LOGIN PASSWORD 'm'`);
    const at = url().replace(/\/\/.*@/, '//maker:m@');
    expect(await refusal(newHome(), { at })).toMatch(
      /must name a superuser: CREATEROLE and CREATEDB are not/,
    );
    await admin.query('DROP ROLE maker');
  });

  it('when the database of the URL is not there, and says which would do', async () => {
    expect(await refusal(newHome(), { at: `${url()}_gone` })).toMatch(
      /"postgres_gone" does not exist\. Let the path of DATABASE_URL be a database that is there/,
    );
  });

  it('when it asks for TLS, and says how to give it', async () => {
    const hba = join(folder, 'server', 'pg', 'data', 'pg_hba.conf');
    writeFileSync(hba, 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
    await admin.query('SELECT pg_reload_conf()');
    expect(await refusal(newHome())).toMatch(/asks for TLS: add \?sslmode=verify-full&sslrootcert=/);
    writeFileSync(hba, 'host all all 127.0.0.1/32 scram-sha-256\n');
    await admin.query('SELECT pg_reload_conf()');
  });
});

/** Each undoes what it did to the server. */
describe('a home whose server was changed under it leaves it so', () => {
  let home: Home;
  let name: string;
  let mark: string;
  beforeAll(async () => {
    await empty();
    home = newHome();
    name = await start(home);
    mark = `COMMENT ON DATABASE ${name} IS 'tyiym sandbox ${identityOf(home).id}'`;
  }, 60_000);

  it('when a database of its name is not its own', async () => {
    await inDatabase(name, 'CREATE TABLE theirs ()');
    await admin.query(`COMMENT ON DATABASE ${name} IS NULL`);
    await staysAway(home, /database tyiym_\w+, which does not bear the mark of this home/);
    await admin.query(`COMMENT ON DATABASE ${name} IS 'tyiym sandbox 000000000000'`);
    await staysAway(home, /bears the mark of another/);
    await inDatabase(name, 'DROP TABLE theirs');
    await admin.query(mark);
  });

  it('when an empty database of its name belongs to somebody else', async () => {
    await admin.query(`COMMENT ON DATABASE ${name} IS NULL`);
    await admin.query(`ALTER DATABASE ${name} OWNER TO postgres`);
    await staysAway(home, /does not bear the mark/);
    await admin.query(`ALTER DATABASE ${name} OWNER TO tyiym_owner`);
    await admin.query(mark);
  });

  it('when its own database was replaced by a registry whose origin is no sandbox', async () => {
    const theirs = `CREATE TABLE journal_head (origin text); INSERT INTO journal_head VALUES ('tyiym.kz/journal/1')`;
    await inDatabase(name, theirs);
    await staysAway(home, /a registry of the origin tyiym\.kz\/journal\/1, and no sandbox's/);
    await inDatabase(name, 'DROP TABLE journal_head');
  });

  it('when another database came to use the roles', async () => {
    await admin.query('CREATE DATABASE registry');
    await inDatabase('registry', 'CREATE TABLE theirs (); GRANT SELECT ON theirs TO tyiym_lender');
    await staysAway(home, /databases that use the roles of this sandbox and are not of it: registry\./);
    await admin.query('DROP DATABASE registry');
  });

  it('when the registry of this home lies in another server, or in the home itself', async () => {
    const identity = identityOf(home);
    bindTo(home, identity, undefined);
    expect(await refusal(home)).toMatch(/lies in the PostgreSQL from npm.*Leave DATABASE_URL out/);
    for (const fresh of [false, true])
      await expect(
        holdServer({ ...identity, server: { id: '1', at: 'db:5432' } }, url(), fresh),
      ).rejects.toThrow(/a PostgreSQL of yours, last at db:5432, and this start would use another/);
    await expect(holdServer(identity, undefined, true)).rejects.toThrow(/Let DATABASE_URL name that server/);
  });
});

describe('DATABASE_URL', () => {
  it.each([
    'postgres://me:p@ss@h/db',
    'postgres://me:pa%zzss@h/db',
    'postgres://me:p/ass@h/db',
    'postgres://me:p#ass@h/db',
    'postgres://me:p?ass@h/db',
  ])(
    'with a password that is not encoded is refused or understood, and no part of it is repeated: %s',
    (text) => {
      let said: string;
      try {
        const { superuser } = parseDatabaseUrl(text);
        said = superuser.password === 'p@ss' && superuser.host === 'h' ? 'understood' : 'misunderstood';
      } catch (error) {
        said = String(error);
      }
      expect(said).toMatch(/^understood$|percent-encoded/);
      expect(said).not.toMatch(/ass@|zzss/);
    },
  );

  it.each([
    ['postgres://h/db?sslmode=require', /sslmode=verify-full/],
    ['postgres://h/db?sslmode=verify-full', /sslrootcert/],
    ['postgres://h/db?sslmode=verify-full&sslrootcert=/nowhere.pem', /\/nowhere\.pem, is not there/],
    ['postgres://h/db?host=/run', /the parameter host, which is not taken/],
    ['h:5432', /postgres:\/\/<user>/],
    ['', /postgres:\/\/<user>/],
  ])('with what would be passed over is refused: %s', (text, reason) => {
    expect(() => parseDatabaseUrl(text)).toThrow(reason);
  });

  it('is read with encoded characters, an IPv6 address and without a port', () => {
    expect(parseDatabaseUrl('postgresql://m%40e:p%2F%23@[::1]/d%20b').superuser).toEqual({
      ...{ host: '::1', port: 5432, name: 'd b', user: 'm@e', password: 'p/#' },
    });
  });
});

/** Roles and databases: what a superuser prepares, and how specs and an existing server get theirs. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { existingServer, unfitBecause } from '../../apps/sandbox/postgres/existing.js';
import {
  allRoles,
  appRoles,
  ownerRole,
  provision,
  roleTarget,
} from '../../apps/sandbox/postgres/provision.js';
import { clientConfig, targetUrl } from '../../apps/sandbox/postgres/target.js';
import { startCluster, type Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';

async function ask(target: DatabaseTarget, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(clientConfig(target));
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

// A cluster of its own, because it changes the passwords of the roles.
describe('provisioning', () => {
  let home: string;
  let secretsDir: string;
  let cluster: Cluster;

  const provisionAgain = () => provision({ superuser: cluster.superuser, secretsDir, databaseName: 'tyiym' });
  const enter = (role: (typeof allRoles)[number]) => roleTarget(cluster.superuser, 'tyiym', secretsDir, role);

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'tyiym-provision-'));
    secretsDir = join(home, 'secrets');
    const superuserPasswordFile = join(secretsDir, 'superuser');
    cluster = await startCluster({ dir: join(home, 'pg'), port: await freePort(), superuserPasswordFile });
    await provisionAgain();
  });

  afterAll(async () => {
    await cluster.stop();
    rmSync(home, { recursive: true });
  });

  it.each(allRoles)(
    'lets %s in with the password of its file, and gives it no right over others',
    async (role) => {
      const [row] = await ask(
        enter(role),
        `SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication AS mighty
         FROM pg_roles WHERE rolname = current_user`,
      );
      expect(row).toEqual({ rolname: role, mighty: false });
      expect(statSync(join(secretsDir, role)).mode & 0o777).toBe(0o600);
    },
  );

  it.each(appRoles)('bounds how long %s may hold a transaction or wait for a lock', async (role) => {
    const settings = ['transaction_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    const columns = [...settings, 'default_transaction_isolation'].map(
      (name) => `current_setting('${name}') AS ${name}`,
    );
    expect(await ask(enter(role), `SELECT ${columns.join(', ')}`)).toEqual([
      {
        transaction_timeout: '5s',
        lock_timeout: '2s',
        idle_in_transaction_session_timeout: '5s',
        default_transaction_isolation: 'read committed',
      },
    ]);
  });

  it('lets nobody make tables or schemas but the owner, who may also end sessions', async () => {
    for (const role of appRoles) {
      await expect(ask(enter(role), 'CREATE TABLE mine ()')).rejects.toMatchObject({ code: '42501' });
      await expect(ask(enter(role), 'CREATE SCHEMA mine')).rejects.toMatchObject({ code: '42501' });
    }
    await ask(enter(ownerRole), 'CREATE TABLE mine (); DROP TABLE mine');
    const mayEnd = `SELECT pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS yes`;
    expect(await ask(enter(ownerRole), mayEnd)).toEqual([{ yes: true }]);
    for (const role of appRoles) expect(await ask(enter(role), mayEnd)).toEqual([{ yes: false }]);
  });

  it('keeps out every role that was not named', async () => {
    await ask(cluster.superuser, `CREATE ROLE stranger LOGIN PASSWORD 'stranger'`);
    const stranger = { ...cluster.superuser, name: 'tyiym', user: 'stranger', password: 'stranger' };
    await expect(ask(stranger, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
  });

  it('keeps passwords, tables and grants on a second run', async () => {
    await ask(enter(ownerRole), 'CREATE TABLE kept AS SELECT 7 AS answer; GRANT SELECT ON kept TO tyiym_log');
    const before = enter('tyiym_log');
    await provisionAgain();
    expect(enter('tyiym_log')).toEqual(before);
    expect(await ask(before, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
  });

  it('sets a new password for a role whose file is lost', async () => {
    const before = enter('tyiym_lender');
    rmSync(join(secretsDir, 'tyiym_lender'));
    await provisionAgain();
    await expect(ask(before, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(enter('tyiym_lender'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a database of its own', () => {
  it('is migrated, entered by every app and separate from its siblings, also when eight are made at once', async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, testDatabase));
    try {
      const [first, second] = databases as [TestDatabase, TestDatabase];
      await first.owner.query('CREATE TABLE only_here ()');
      const count = `SELECT count(*)::int AS tables FROM pg_class WHERE relname IN ('entries', 'only_here')`;
      expect((await first.owner.query(count)).rows).toEqual([{ tables: 2 }]);
      expect((await second.owner.query(count)).rows).toEqual([{ tables: 1 }]);
      for (const role of appRoles)
        expect(await ask(second.target(role), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await Promise.all(databases.map((database) => database.drop()));
    }
  });
});

describe('an existing server', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await testDatabase()));
  afterAll(() => database.drop());

  it.each([
    [undefined, /version unknown/],
    [{ version: '16.9 (Debian 16.9-1)', isSuperuser: 'on' }, /is version 16\.9.*needs 17 or newer/],
    [{ version: '18.4', isSuperuser: 'off' }, /must name a superuser/],
    [{ version: '17.0', isSuperuser: 'on' }, /^undefined$/],
    [{ version: '18beta1', isSuperuser: 'on' }, /^undefined$/],
  ])('is fit or not by what it says of itself: %j', (facts, reason) => {
    expect(String(unfitBecause(facts))).toMatch(reason);
  });

  it('is used when DATABASE_URL names a superuser', async () => {
    const { host, port, user = '', password } = database.superuser;
    const target = { host, port, name: database.name, user, password: String(password) };
    expect(await existingServer(targetUrl(target))).toEqual({ superuser: target });
  });

  it.each([
    ['an app role', (url: URL) => url, /must name a superuser/],
    [
      'a wrong password',
      (url: URL) => Object.assign(url, { password: 'guessed' }),
      /does not let tyiym_lender in/,
    ],
    [
      'a closed port',
      (url: URL) => Object.assign(url, { port: '1' }),
      /127\.0\.0\.1:1 does not let .*ECONNREFUSED/,
    ],
    [
      'another scheme',
      (url: URL) => new URL(url.href.replace('postgres:', 'mysql:')),
      /must be of the form postgres:/,
    ],
  ])(
    'is refused, without its password in the message, when DATABASE_URL has %s',
    async (_, change, reason) => {
      const url = change(new URL(targetUrl(database.target('tyiym_lender'))));
      const refusal = await existingServer(url.href).catch((error: unknown) => String(error));
      expect(refusal).toMatch(reason);
      expect(refusal).not.toContain(url.password);
    },
  );
});

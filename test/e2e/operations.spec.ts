/**
 * What docs/operations.md gives an operator for a terminal, run on an empty server as it stands there; then the sandbox on the
 * server of that registry, which it must leave as it is.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startCluster, type Cluster } from '../../apps/sandbox/postgres/cluster.js';
import { allRoles } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { commandsOf } from '../support/documents.js';
import { freePort } from '../support/free-port.js';
import { environment, newPlace, removeHome, root, run, Sandbox, type Ended } from '../support/sandbox.js';

const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
let folder: string;
let cluster: Cluster;
let admin: pg.Client;
let opening: Ended;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tyiym-operations-'));
  cluster = await startCluster({
    dir: join(folder, 'server', 'pg'),
    port: await freePort(),
    superuserPasswordFile: join(folder, 'server', 'superuser'),
    settings: { fsync: 'off' },
  });
  const { host, port, user, password } = cluster.superuser;
  opening = await run(
    ['sh', '-e'],
    {
      ...{ PATH: process.env['PATH'] ?? '', HOME: folder, registry: folder },
      ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
    },
    commandsOf(page, 'operations-database') + commandsOf(page, 'operations-migrate'),
  );
  admin = new pg.Client({ ...clientConfig(cluster.superuser), database: 'tyiym' });
  // Where the database was not made, each test says so.
  await admin.connect().catch(() => undefined);
}, 180_000);

afterAll(async () => {
  await admin.end();
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

describe('the commands of docs/operations.md', () => {
  it('end well, from an empty server to published keys', () => {
    expect({ code: opening.code, err: opening.err }).toEqual({ code: 0, err: '' });
    expect(opening.out).toContain('key.published');
  });

  it('make the roles that the processes have, each with a password in a file of its own', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_authid WHERE rolname ~ '^tyiym_' AND rolpassword IS NOT NULL ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual([...allRoles].toSorted());
    expect(readdirSync(join(folder, 'secrets')).toSorted()).toEqual([...allRoles].toSorted());
    for (const role of allRoles) {
      const client = new pg.Client({
        ...{ ...clientConfig(cluster.superuser), database: 'tyiym', user: role },
        password: readFileSync(join(folder, 'secrets', role), 'utf8'),
      });
      await client.connect();
      await client.end();
    }
  });
});

describe('npm start with DATABASE_URL at the server of a registry', () => {
  /** Everything that a start of the sandbox once altered. */
  const asItIs = async (): Promise<unknown> => ({
    roles: (await admin.query('SELECT * FROM pg_authid ORDER BY rolname')).rows,
    databases: (await admin.query('SELECT datname, datdba, datacl::text FROM pg_database ORDER BY 1')).rows,
    entries: (await admin.query('SELECT entry FROM entries ORDER BY index')).rows,
    head: (await admin.query('SELECT origin, size, root FROM journal_head')).rows,
  });

  it('refuses, with and without --fresh, and keeps passwords and entries', async () => {
    const place = await newPlace();
    const before = await asItIs();
    expect(before).toMatchObject({ head: [{ origin: 'tyiym.kz/journal/1' }] });
    for (const args of [[], ['--fresh']]) {
      const env = { DATABASE_URL: cluster.superuserUrl };
      const { code, output } = await Sandbox.launch(place, { args, env }).end();
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(
          /has the role tyiym_\w+, which no sandbox made: a registry may live there/,
        ),
      });
    }
    expect(await asItIs()).toEqual(before);
    expect(readdirSync(place.home)).toEqual([]);
    removeHome(place);
  }, 60_000);
});

describe('npm start with DATABASE_URL at an empty server', () => {
  it('starts whole, and a second home is told that there is no room', async () => {
    const dir = join(folder, 'other', 'pg');
    const superuserPasswordFile = join(folder, 'other', 'superuser');
    const server = await startCluster({ dir, port: await freePort(), superuserPasswordFile });
    const env = { DATABASE_URL: server.superuserUrl };
    const [place, second] = [await newPlace(), await newPlace()];
    try {
      const sandbox = await Sandbox.start(place, { env });
      expect(sandbox.output).toMatch(/the server of DATABASE_URL, database tyiym_[0-9a-f]{12}/);
      const refused = await Sandbox.launch(second, { args: ['--fresh'], env }).end();
      expect(refused).toMatchObject({
        code: 1,
        output: expect.stringContaining('belongs to another sandbox'),
      });
      const check = ['npm', 'run', '-s', 'tool', '--', 'check', 'bank-alpha', 'bolat'];
      expect(await run(check, environment(place))).toMatchObject({ code: 1, err: '' });
      await sandbox.stop();
    } finally {
      await server.stop();
      removeHome(place);
      removeHome(second);
    }
  }, 240_000);
});

/** The clerk's two processes as they really run: started, asked over HTTP, killed, cut off from the database, stopped. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { auditAfterEach } from '../support/auditor.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { liftScene, type LiftScene, type LiftingPerson } from '../support/lift-scene.js';
import { enter, newOperator, type Operator } from '../support/operator.js';

interface Running {
  readonly child: ChildProcess;
  readonly metrics: string;
  readonly lines: string[];
}

let operator: Operator;
let citizen: DataSource;
let scene: LiftScene;
let home: string;
const running: Running[] = [];
/** What every process ever said. */
const logged: string[] = [];

beforeAll(async () => {
  operator = await newOperator({ opens: true });
  citizen = await enter(operator.database, 'tyiym_citizen');
  const keysDir = join(operator.keysRoot, 'clerk-worker');
  scene = await liftScene(operator.database, citizen, readLookupKeys(keysDir), {
    identity: readIdentityKey(keysDir),
    head: readSigningKey(join(operator.keysRoot, 'citizen'), 'head.jwk.json'),
  });
  home = mkdtempSync(join(tmpdir(), 'tyiym-clerk-'));
  writeFileSync(join(home, 'root.pem'), scene.caFiles.root);
  writeFileSync(join(home, 'ca.pem'), scene.caFiles.issuing);
});
afterEach(async () => {
  for (const { child } of running.splice(0))
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
});
// Its people's placings rest on no signature: only tree, columns and what the processes said.
auditAfterEach(() => ({ database: operator.database, logged }));
afterAll(async () => {
  await scene.close();
  await citizen.destroy();
  await operator.close();
  rmSync(home, { recursive: true });
});

/** Starts a process and waits until it answers so. */
async function start(app: 'clerk-worker' | 'clerk-signer', readyz = 200): Promise<Running> {
  const role = app === 'clerk-worker' ? 'tyiym_clerk_worker' : 'tyiym_clerk_signer';
  const { host, port, name, user } = operator.database.target(role);
  const metricsPort = await freePort();
  const file = join(home, `${app}-${metricsPort}.json`);
  const config = {
    ...{ app, sandbox: true, origin: operator.config.origin, issuer: operator.config.issuer },
    logBase: operator.config.logBase,
    database: { host, port, name, user, passwordFile: operator.database.passwordFile(role) },
    keysDir: join(operator.keysRoot, app),
    metrics: { host: '127.0.0.1', port: metricsPort },
    tilesDir: 'tiles',
    nca: { rootFiles: ['root.pem'], intermediateFiles: ['ca.pem'], crlUrls: { '*': scene.crlUrl } },
  };
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(
    process.execPath,
    ['--import', './test/support/typescript.mjs', 'apps/clerk/main.ts', '--config', file],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const one: Running = { child, metrics: `http://127.0.0.1:${metricsPort}`, lines: [] };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => [one.lines, logged].forEach((lines) => lines.push(String(data))));
  running.push(one);
  await eventually(
    `${app} is ready`,
    () => get(one, '/readyz'),
    ({ status }) => status === readyz,
    25_000,
  );
  return one;
}

async function get(
  { metrics, child, lines }: Running,
  path: string,
): Promise<{ status: number; body: string }> {
  if (child.exitCode !== null) throw new Error(`the process left: ${lines.join('')}`);
  try {
    const response = await fetch(`${metrics}${path}`);
    return { status: response.status, body: await response.text() };
  } catch {
    return { status: 0, body: '' };
  }
}

const stateOf = async (person: LiftingPerson): Promise<string | undefined> =>
  (await refusalOf(citizen.manager, readLookupKeys(join(operator.keysRoot, 'clerk-worker')), person.iin))
    ?.state;

const isLifted = (person: LiftingPerson, withinMs?: number) =>
  eventually(
    'the lift is carried out',
    () => stateOf(person),
    (state) => state === 'none',
    withinMs,
  );

async function kindsOf(person: LiftingPerson): Promise<string[]> {
  const { rows } = await operator.database.superuser.query<{ kind: string }>(
    'SELECT kind FROM entries WHERE subject = $1 ORDER BY index',
    [person.subject.bytes],
  );
  return rows.map(({ kind }) => kind);
}

async function newestSize(): Promise<number> {
  const { rows } = await operator.database.superuser.query<{ size: number }>(
    'SELECT coalesce(max(size), 0)::integer AS size FROM checkpoints',
  );
  return rows[0]?.size ?? 0;
}

async function journalSize(): Promise<number> {
  const { rows } = await operator.database.superuser.query<{ size: number }>(
    'SELECT size::integer AS size FROM journal_head',
  );
  return rows[0]?.size ?? 0;
}

describe('the worker', () => {
  it('lifts within three seconds when nothing has to be waited for, and says how it is', async () => {
    const worker = await start('clerk-worker');
    const person = await scene.lifting({ lockHours: 0 });
    await isLifted(person, 3000);
    expect((await get(worker, '/livez')).status).toBe(200);
    expect((await get(worker, '/version')).body).toContain('version');
    expect((await get(worker, '/metrics')).body).toContain('tyiym_clerk_moves_total{outcome="lifted"} 1');
    expect((await get(worker, '/v1/checks')).status).toBe(404);
    worker.child.kill('SIGTERM');
    expect(await once(worker.child, 'exit')).toEqual([0, null]);
    expect(worker.lines.join('')).not.toContain(person.iin);
  }, 60_000);

  it('killed in the middle of a lift leaves it to the next, who does it once', async () => {
    const first = await start('clerk-worker');
    scene.authority = 'hanging';
    const { asked } = scene;
    const people = [await scene.lifting({ lockHours: 0 }), await scene.lifting({ lockHours: 0 })];
    await eventually(
      'the authority is asked',
      () => Promise.resolve(scene.asked),
      (count) => count > asked,
    );
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    scene.authority = 'good';
    expect(await Promise.all(people.map(stateOf))).toEqual(['lift-pending', 'lift-pending']);
    // The dead worker's locks count for 15 s; they are made older instead of waited for.
    await operator.database.superuser.query(
      `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 minute' WHERE locked_at IS NOT NULL`,
    );
    await Promise.all([start('clerk-worker'), start('clerk-worker')]);
    for (const person of people) {
      await isLifted(person, 40_000);
      expect(await kindsOf(person)).toEqual(['refusal.placed', 'lift.requested', 'refusal.lifted']);
    }
  }, 90_000);

  it('goes on by itself when the database comes back', async () => {
    const worker = await start('clerk-worker');
    const { superuser, name } = operator.database;
    await superuser.query(`ALTER DATABASE ${name} CONNECTION LIMIT 0`);
    await superuser.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tyiym_clerk_worker'`,
    );
    await eventually(
      'it is not ready',
      () => get(worker, '/readyz'),
      ({ status }) => status === 503,
    );
    await superuser.query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`);
    await eventually(
      'it is ready again',
      () => get(worker, '/readyz'),
      ({ status }) => status === 200,
    );
    const person = await scene.lifting({ lockHours: 0 });
    await isLifted(person, 20_000);
  }, 90_000);

  it('begins with its jobs again when the very first look-up for them failed', async () => {
    const { superuser } = operator.database;
    await superuser.query('REVOKE INSERT ON graphile_worker._private_tasks FROM tyiym_clerk_worker');
    const worker = await start('clerk-worker');
    const failing = /tyiym_clerk_duty_failures_total\{duty="jobs"\} [1-9]/;
    await eventually(
      'it says so',
      () => get(worker, '/metrics'),
      ({ body }) => failing.test(body),
    );
    await superuser.query('GRANT INSERT ON graphile_worker._private_tasks TO tyiym_clerk_worker');
    await isLifted(await scene.lifting({ lockHours: 0 }), 15_000);
  }, 90_000);

  it('ends whoever holds the head for more than two seconds, and nobody who reads or waits', async () => {
    await start('clerk-worker');
    const holder = new pg.Client(clientConfig(operator.database.target('tyiym_lender')));
    const reader = new pg.Client(clientConfig(operator.database.target('tyiym_lender')));
    const waiter = new pg.Client(clientConfig(operator.database.target('tyiym_citizen')));
    const last = new pg.Client(clientConfig(operator.database.target('tyiym_citizen')));
    const clients = [holder, reader, waiter, last];
    for (const client of clients) client.on('error', () => undefined);
    const ended = once(holder, 'error');
    await Promise.all(clients.map((client) => client.connect()));
    await reader.query('BEGIN');
    await reader.query('SELECT size FROM journal_head');
    await holder.query('BEGIN');
    await holder.query('SELECT size FROM journal_head FOR UPDATE');
    // Longer than the lock time-out of their role, so that only the watchdog decides who goes.
    await Promise.all([waiter, last].map((client) => client.query(`SET lock_timeout = '10s'`)));
    const waiting = [waiter, last].map((client) => client.query('SELECT size FROM journal_head FOR UPDATE'));
    // admin_shutdown: the transaction time-out of 5 s, which would have ended it without any watchdog, has another.
    expect(await ended).toMatchObject([{ code: '57P01' }]);
    for (const { rowCount } of await Promise.all(waiting)) expect(rowCount).toBe(1);
    await reader.query('COMMIT');
    await Promise.all([reader.end(), waiter.end(), last.end()]);
  }, 60_000);

  it('makes the partitions that are missing and the figures of hours that are over', async () => {
    const { superuser, owner } = operator.database;
    const people = [await scene.lifting({ lockHours: 24 }), await scene.lifting({ lockHours: 24 })];
    await owner.query('SELECT advance_clock(2)');
    const last = async (): Promise<string[]> => {
      const { rows } = await superuser.query<{ relname: string }>(
        `SELECT relname FROM pg_class WHERE relname ~ '^(checks|idempotency_keys)_[0-9]{8}$' ORDER BY relname`,
      );
      return rows.map(({ relname }) => relname);
    };
    const all = await last();
    await superuser.query(`DROP TABLE ${all.at(-1) ?? ''}`);
    expect(people).toHaveLength(2);
    await start('clerk-worker');
    await eventually('the partition is made', last, (now) => now.join() === all.join());
    const figures = async (): Promise<{ name: string; value: number }[]> => {
      const { rows } = await superuser.query<{ name: string; value: number }>(
        'SELECT DISTINCT ON (name) name, value FROM figures ORDER BY name, hour',
      );
      return rows;
    };
    const made = await eventually('figures are made', figures, (rows) => rows.length === 3);
    expect(made.map(({ name }) => name)).toEqual(['checks', 'refusals-lifted', 'refusals-placed']);
    for (const { value } of made) expect(value % 10).toBe(0);
  }, 60_000);
});

describe('the signer', () => {
  it('publishes within two seconds of the commit, is killed, and goes on', async () => {
    const first = await start('clerk-signer');
    const isPublished = async (withinMs: number) => {
      const size = await journalSize();
      await eventually('the size is published', newestSize, (newest) => newest === size, withinMs);
    };
    await scene.lifting({ lockHours: 24 });
    await isPublished(2000);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await scene.lifting({ lockHours: 24 });
    const second = await start('clerk-signer');
    // The lease of the one that was killed has to run out.
    await isPublished(10_000);
    expect((await get(second, '/metrics')).body).toContain('tyiym_signer_refuses 0');
    second.child.kill('SIGTERM');
    expect(await once(second.child, 'exit')).toEqual([0, null]);
  }, 60_000);

  it('is not ready and says why while the Journal is another than it signed', async () => {
    const signer = await start('clerk-signer');
    const set = (root: string) =>
      operator.database.superuser.query(
        `SET session_replication_role = replica; UPDATE journal_head SET root = ${root}; SET session_replication_role = origin`,
      );
    await scene.lifting({ lockHours: 24 });
    await eventually('the size is published', newestSize, (size) => size > 0);
    await set(`sha256('x')`);
    await operator.database.superuser.query('DELETE FROM checkpoints');
    signer.child.kill('SIGKILL');
    await once(signer.child, 'exit');
    const refusing = await start('clerk-signer', 503);
    expect((await get(refusing, '/readyz')).body).toContain('not the tree of its leaves');
    expect((await get(refusing, '/metrics')).body).toContain('tyiym_signer_refuses 1');
    expect(refusing.lines.join('')).toContain('not the tree of its leaves');
    await set('(SELECT root FROM heads ORDER BY size DESC LIMIT 1)');
    await eventually('it signs again', newestSize, (size) => size > 0);
  }, 90_000);
});

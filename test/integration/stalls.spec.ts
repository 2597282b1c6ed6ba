/**
 * What a role can stall with its password and no key: it takes its time-outs off and keeps a lock. It is ended and named, who
 * waited behind it is not, and checks are answered again.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { appRoles, type Role } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { auditAfterEach } from '../support/auditor.js';
import { call, iins, newWorld, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

let world: World;
let lender: NestFastifyApplication;
const open: pg.Client[] = [];

beforeAll(async () => {
  world = await newWorld();
  lender = await world.startLender();
  await world.startClerk();
}, 60_000);
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
});
auditAfterEach(() => world);
afterAll(() => world.close());

/** A session of a role, with every time-out taken off. */
async function freed(role: Role): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(world.database.target(role)));
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  await client.query(
    'SET transaction_timeout = 0; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0',
  );
  return client;
}

const check = async (): Promise<number> => {
  const { status } = await call({ app: lender }, world.bank, {
    ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
    body: { iin: iins[0], product: 'bank-loan', stage: 'decision', loanRef: 'A-1' },
  });
  return status;
};

/** The session is ended from outside, and its role is named with the reason. */
async function expectEnded(client: pg.Client, role: Role, reason: RegExp): Promise<void> {
  // Not `once` of node:events, which an error before the end would fail.
  await new Promise<void>((resolve) => client.once('end', resolve));
  const told = (): string[] => world.logged.filter((line) => line.includes('a database session was ended'));
  const lines = await eventually(
    `${role} is named`,
    () => Promise.resolve(told()),
    (all) => all.some((line) => line.includes(`"role":"${role}"`)),
  );
  expect(lines.find((line) => line.includes(`"role":"${role}"`))).toMatch(reason);
}

describe('a role without time-outs', () => {
  it.each<[string, Role, readonly string[]]>([
    ['the head itself', 'tyiym_lender', ['SELECT FROM journal_head FOR UPDATE']],
    // In two statements: in one it would sleep before it locks.
    ['the head, asleep', 'tyiym_bureau', ['SELECT FROM journal_head FOR UPDATE', 'SELECT pg_sleep(60)']],
    ['a table that its holder reads', 'tyiym_citizen', ['LOCK TABLE refusals IN ACCESS EXCLUSIVE MODE']],
    ['the same as the clerk', 'tyiym_clerk_worker', ['LOCK TABLE refusals IN ACCESS EXCLUSIVE MODE']],
  ])(
    'that keeps %s is ended, and checks are answered again',
    async (_, role, statements) => {
      const holder = await freed(role);
      await holder.query('BEGIN');
      const ended = expectEnded(holder, role, /kept the head of the Journal/);
      for (const sql of statements) {
        const sent = holder.query(sql).catch(() => undefined);
        if (!sql.includes('pg_sleep')) await sent;
      }
      await eventually('a check is answered', check, (status) => status === 201, 20_000);
      await ended;
    },
    60_000,
  );

  it('that keeps the head and takes a step each moment is ended as well', async () => {
    const holder = await freed('tyiym_citizen');
    await holder.query('BEGIN');
    await holder.query('SELECT FROM journal_head FOR UPDATE');
    const ended = expectEnded(holder, 'tyiym_citizen', /kept the head of the Journal/);
    const step = (): Promise<boolean> =>
      holder.query('SELECT 1').then(
        () => false,
        () => true,
      );
    await eventually('its step fails', step, (hasFailed) => hasFailed, 20_000);
    await ended;
    expect(await check()).toBe(201);
  }, 60_000);

  it('that reads a table which an owner waits to change is ended, at the root, and not the owner who waits', async () => {
    const reader = await freed('tyiym_log');
    const { superuser } = world.database;
    await reader.query('BEGIN');
    await reader.query('SELECT FROM figures');
    // The writers of the head would queue behind this one.
    const owner = new pg.Client(clientConfig(world.database.target('tyiym_owner')));
    open.push(owner);
    await owner.connect();
    await owner.query('BEGIN');
    await owner.query('SELECT FROM journal_head FOR UPDATE');
    const ended = expectEnded(reader, 'tyiym_log', /kept the head of the Journal/);
    await owner.query('LOCK TABLE figures IN ACCESS EXCLUSIVE MODE');
    await ended;
    await owner.query('COMMIT');
    expect(await check()).toBe(201);
    expect((await superuser.query('SELECT FROM head_looks')).rowCount).toBeLessThan(10);
  }, 60_000);

  it('that only keeps a snapshot open for longer than it may is ended as well', async () => {
    const holder = await freed('tyiym_access');
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const ended = expectEnded(holder, 'tyiym_access', /older than the time-outs of its role/);
    await holder.query('SELECT FROM oidc_payloads');
    await ended;
  }, 60_000);
});

describe('no role', () => {
  it.each([
    ['keeps a large object', 'SELECT lo_create(0)'],
    ['writes one', `SELECT lo_from_bytea(0, 'x')`],
    ['holds an advisory lock beyond its transaction', 'SELECT pg_advisory_lock(7496494900010)'],
    ['tries one', 'SELECT pg_try_advisory_lock(7496494900001)'],
    ['makes a table', 'CREATE TABLE public.mine (a integer)'],
    ['ends a session', 'SELECT pg_terminate_backend(pg_backend_pid())'],
    ['reads the looks', 'SELECT FROM head_looks'],
  ])('of an app %s', async (what, sql) => {
    for (const role of appRoles) {
      const client = await freed(role);
      const code = await client.query(sql).then(
        () => 'done',
        ({ code: state }: { code: string }) => state,
      );
      // PostgreSQL lets each role end its own sessions.
      expect([role, code]).toEqual([role, what === 'ends a session' ? '57P01' : '42501']);
    }
  });
});

it('a slow disk is no reason to end a session: the write-ahead log never, another file for ten seconds', async () => {
  const { rows } = await world.database.owner.query<{ kind: string; event: string; spared: boolean[] }>(
    `SELECT kind, event, ARRAY[waits_for_disk(kind, event, '3 s'), waits_for_disk(kind, event, '60 s')] AS spared
     FROM (VALUES ('IO', 'WalSync'), ('IO', 'WALWrite'), ('LWLock', 'WALWrite'), ('IPC', 'SyncRep'), ('IO', 'DataFileRead'),
       ('Client', 'ClientRead'), ('Timeout', 'PgSleep'), ('Lock', 'tuple'), (NULL, NULL)) AS w (kind, event)`,
  );
  expect(rows.map(({ event, spared }) => [event, ...spared])).toEqual([
    ['WalSync', true, true],
    ['WALWrite', true, true],
    ['WALWrite', true, true],
    ['SyncRep', true, true],
    ['DataFileRead', true, false],
    ['ClientRead', false, false],
    ['PgSleep', false, false],
    ['tuple', false, false],
    [null, false, false],
  ]);
});

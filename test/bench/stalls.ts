/**
 * `npm run bench -- --stalls`: how soon checks are answered again when a role, with its password and every time-out taken
 * off, stalls them: it keeps the head, or every table that it may lock. Each line counts from the stalling statement to
 * the first check that is answered.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { Party } from '../support/sandbox-calls.js';
import { Sandbox } from '../support/sandbox.js';
import { appRoles, type Role } from '../../apps/sandbox/postgres/provision.js';
import { benchHome } from './home.js';

/** What is promised. */
const answeredWithinMs = 5000;
const givesUpMs = 60_000;

/** Stalls and gives how many tables are locked; of a statement that does not end only the sending is waited for. */
interface Stall {
  readonly what: string;
  begin(client: pg.Client): Promise<number>;
}

const stalls: readonly Stall[] = [
  {
    what: 'keeps the head',
    begin: (client) => client.query('SELECT FROM journal_head FOR UPDATE').then(() => 0),
  },
  {
    what: 'sleeps on the head',
    begin: async (client) => {
      await client.query('SELECT FROM journal_head FOR UPDATE');
      client.query('SELECT pg_sleep(60)').catch(() => undefined);
      return 0;
    },
  },
  { what: 'keeps every table it may lock', begin: lockTables },
];

const home = await benchHome(undefined);
const sandbox = await Sandbox.start(home.place);
try {
  const bank = await Party.of(sandbox, 'bank-alpha');
  const body = { iin: sandbox.iinOf('aigerim'), product: 'bank-loan', stage: 'decision', loanRef: 'A-1' };
  const check = async (): Promise<boolean> =>
    (await bank.call('POST', '/v1/checks', { body })).status === 201;
  for (const role of appRoles)
    for (const { what, begin } of stalls) {
      if (!(await check())) throw new Error('no check is answered before the stall');
      const client = await freed(role);
      const locked = await begin(client).catch((error: unknown) => (error as { code?: string }).code ?? '');
      const ms = await untilAnswered(check);
      await client.end().catch(() => undefined);
      const tables = typeof locked === 'string' ? `may not: ${locked}` : `${String(locked)} tables`;
      console.log(`${role.padEnd(20)} ${what.padEnd(30)} ${ms.toFixed(0).padStart(6)} ms  ${tables}`);
      if (ms > answeredWithinMs) process.exitCode = 1;
    }
} finally {
  await sandbox.stop();
  home.leave();
}

async function untilAnswered(check: () => Promise<boolean>): Promise<number> {
  const since = performance.now();
  while (performance.now() < since + givesUpMs) if (await check()) break;
  return performance.now() - since;
}

/** A session in a transaction, with every time-out taken off. */
async function freed(role: Role): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: sandbox.place.base + 30, database: 'tyiym', user: role },
    password: readFileSync(sandbox.file('secrets', role), 'utf8').trim(),
  });
  client.on('error', () => undefined);
  await client.connect();
  for (const each of ['transaction', 'statement', 'lock', 'idle_in_transaction_session'])
    await client.query(`SET ${each}_timeout = 0`);
  await client.query('BEGIN');
  return client;
}

/** Takes every table that this role may lock against all others. @returns how many */
async function lockTables(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
     AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, MAINTAIN')`,
  );
  for (const { name } of rows) await client.query(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`);
  return rows.length;
}

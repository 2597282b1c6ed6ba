/**
 * Each database role with its password and no key, against each thing an attacker wants of the registry. What still goes
 * through is listed here with the reason why it moves nothing for long, and stands in SECURITY.md; nothing else does.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { appRoles, type Role } from '../../apps/sandbox/postgres/provision.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs } from '../support/citizen-acts.js';
import { newWorld, type World } from '../support/citizen-world.js';

let world: World;
const clients = new Map<Role, pg.Client>();

beforeAll(async () => {
  world = await newWorld();
  const acts = citizenActs(world);
  const somebody = await acts.somebody();
  expect((await acts.act(somebody, { kind: 'place', lockHours: 24 })).status).toBe(200);
  await world.operate({ kind: 'party.suspended', body: { clientId: 'court' } });
  const { superuser } = world.database;
  await superuser.query('INSERT INTO signer_lease (holder, until) VALUES (gen_random_uuid(), now())');
  await superuser.query('INSERT INTO comparisons (life, compared_at) VALUES (database_life(), now())');
  for (const role of appRoles) {
    const client = new pg.Client(clientConfig(world.database.target(role)));
    await client.connect();
    clients.set(role, client);
  }
}, 60_000);
// Every attempt is taken back, so whatever got through would be found here.
auditAfterEach(() => world);
afterAll(async () => {
  for (const client of clients.values()) await client.end();
  await world.close();
});

/** Runs a statement and takes it back. @returns whether nothing refused it */
async function passes(role: Role, sql: string): Promise<boolean> {
  const client = clients.get(role);
  if (client === undefined) throw new Error('no such role');
  await client.query('BEGIN');
  try {
    await client.query(sql);
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    // A statement that is malformed proves nothing: only rights, guards and constraints refuse.
    if (!/^(42501|23|55000|428C9)/.test(code ?? '')) throw new Error(`${sql}: ${String(error)}`);
    return false;
  } finally {
    await client.query('ROLLBACK');
  }
}

const entry = (kind: string, at = '(SELECT size FROM journal_head)'): string =>
  `INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash)
   VALUES (${at}, '${randomUUID()}', '${kind}', now(), '{"kind":"${kind}"}', sha256('a'), sha256('c'), sha256('b'))`;
const kept = [
  ...['entries', 'heads', 'journal_head', 'refusals', 'checks', 'people', 'applications', 'signed_documents'],
  ...[
    'revocation_answers',
    'loans',
    'contracts',
    'stamps',
    'corrections',
    'notices',
    'notice_deliveries',
    'feed',
  ],
  ...[
    'sealed_items',
    'day_keys',
    'streams',
    'digests',
    'official_acts',
    'officials',
    'parties',
    'party_keys',
  ],
  ...['regime', 'signing_keys', 'closed_logs', 'checkpoints', 'figures', 'move_alarms', 'move_judgements'],
  ...['harvesting_alarms', 'idempotency_keys', 'revocation_lists', 'migrations'],
];

/** What an attacker wants, and statements that would give it. */
const wishes: Readonly<Record<string, readonly string[]>> = {
  loosen: [
    `UPDATE refusals SET state = 'none' WHERE state = 'in-force'`,
    `UPDATE refusals SET lock_hours = 0 WHERE state = 'in-force'`,
    `UPDATE refusals SET state = 'lift-pending', lifts_at = now() WHERE state = 'in-force'`,
    `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours) VALUES (sha256('x'), 1, 'none', 0, 0)`,
    entry('refusal.lifted'),
    `UPDATE move_judgements SET due_at = now(), fault = NULL`,
  ],
  admit: [
    `INSERT INTO parties SELECT 'x', 'bank', '010140000004', 'x', 'x', 'x', '{checks}', 'x', 'admitted', now(), 0`,
    `INSERT INTO party_keys VALUES ('bank-alpha', 'x', 'sig', '{}', NULL, now(), NULL, NULL, 0)`,
    `INSERT INTO officials VALUES ('x', 'x', 'regulator', 'x', '{}', 'admitted', 0)`,
    entry('party.admitted'),
  ],
  revive: [
    `UPDATE parties SET state = 'admitted' WHERE client_id = 'court'`,
    `UPDATE parties SET scopes = '{checks}' WHERE client_id = 'court'`,
    `UPDATE party_keys SET retired_at = NULL WHERE client_id = 'court'`,
    `UPDATE officials SET state = 'suspended'`,
    `UPDATE signing_keys SET revoked_at = now()`,
    entry('party.key-changed'),
  ],
  forge: [
    `INSERT INTO heads SELECT size, size - 1, last_at, root, frontier, 'x', 'x' FROM journal_head`,
    `INSERT INTO signing_keys VALUES ('x', 'head/lender', '{}', '{}', 0, now(), now(), NULL, NULL, 0)`,
    `INSERT INTO official_acts (act_id, entry_index, act, data_key, cms) VALUES ('${randomUUID()}', 0, 'x', 'x', '{}')`,
    `INSERT INTO checkpoints (size, origin, root, note, signed_at) SELECT 1, 'x', sha256('x'), 'x', now()`,
    `INSERT INTO regime VALUES ('checkQuota', '*', '1', 'signedAt', now(), NULL, NULL, 'x', 'open', 0)`,
    `INSERT INTO stamps VALUES (0, 'gkb', 1, 'stamped', now(), now(), 'x')`,
    `INSERT INTO harvesting_alarms VALUES ('bank-alpha', 'hour', now(), 0)`,
    entry('acts.verified'),
    entry('check.made'),
    entry('regime.changed'),
    entry('key.published'),
  ],
  erase: [
    ...kept.map((table) => `DELETE FROM ${table}`),
    ...kept.map((table) => `TRUNCATE ${table}`),
    'UPDATE entries SET entry = NULL, seed = NULL',
    'UPDATE people SET iin = NULL',
    `UPDATE signed_documents SET cms = ''`,
  ],
  close: [
    entry('log.broken'),
    `INSERT INTO closed_logs SELECT 'x', 'y', 1, sha256('x'), 0`,
    `UPDATE journal_head SET origin = 'x'`,
  ],
  block: [
    entry('refusal.placed', '(SELECT size + 1 FROM journal_head)'),
    entry('check.made', '(SELECT size + 1 FROM journal_head)'),
    `INSERT INTO heads SELECT size + 1, size, last_at, root, frontier, 'x', 'x' FROM journal_head`,
    `UPDATE journal_head SET state_version = 9007199254740991`,
    `UPDATE journal_head SET last_at = '2099-01-01'`,
    'UPDATE journal_head SET clock_offset_ms = 1',
    'UPDATE journal_head SET key_checks = NULL',
    `INSERT INTO signed_documents SELECT g, gen_random_uuid(), gen_random_uuid(), 'x', 'x', 'x', 'crl', false FROM generate_series(0, 99) g`,
    `INSERT INTO revocation_answers SELECT g, gen_random_uuid(), gen_random_uuid(), 'x', 'crl' FROM generate_series(0, 99) g`,
    `UPDATE signer_lease SET until = now() + interval '1 hour'`,
    `INSERT INTO signer_lease (holder, until) VALUES ('${randomUUID()}', now() + interval '1 hour')`,
    `INSERT INTO move_alarms VALUES (99, 'no-document', now())`,
    `INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at)
     SELECT gen_random_uuid(), 1, sha256('x'), 'x', 'x', now()`,
    `INSERT INTO revocation_lists VALUES (sha256('x'), 9, now() + interval '1 day', now())`,
    `INSERT INTO comparisons (life, compared_at) VALUES ('another', now())`,
    `UPDATE comparisons SET life = NULL`,
    `INSERT INTO doubts (kind, what) VALUES ('entries-blanked', 'x')`,
    'LOCK TABLE entries IN ACCESS EXCLUSIVE MODE',
    'SELECT pg_advisory_lock(1)',
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tyiym_owner'`,
    'SELECT advance_clock(1)',
    'CREATE TABLE mine (x int)',
    'SELECT lo_create(0)',
  ],
};

/** What goes through, and why it moves nothing for long. */
const open: readonly (readonly [role: Role, start: string, because: string])[] = [
  ['tyiym_clerk_worker', 'UPDATE move_judgements', 'each lift is judged anew before it moves: forged-lifts'],
  ['tyiym_clerk_worker', 'INSERT INTO doubts', 'the running worker deletes a false doubt: comparison.spec'],
  [
    'tyiym_clerk_signer',
    'UPDATE comparisons',
    'the running signer compares anew a second later: clerk-signer.spec',
  ],
];

it.each(appRoles)(
  '%s, with its password and no key, does not loosen, admit, revive, forge, erase, close or block',
  async (role) => {
    const done: string[] = [];
    for (const [wish, statements] of Object.entries(wishes))
      for (const sql of statements) if (await passes(role, sql)) done.push(`${wish}: ${sql}`);
    const isListed = (each: string): boolean =>
      open.some(([who, start]) => who === role && each.slice(each.indexOf(': ') + 2).startsWith(start));
    expect(done.filter((each) => !isListed(each))).toEqual([]);
    // What is listed goes through, or its reason is out of date.
    expect(
      open.filter(([who, start]) => who === role && !done.some((each) => each.includes(`: ${start}`))),
    ).toEqual([]);
  },
);

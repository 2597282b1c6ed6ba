/**
 * Least privilege, tried: each forbidden act as the role that must not do it, on a registry with something to lose. What
 * a role may do is `docs/grants.md`, generated from the grants; here is what it may not.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { entryKinds, kindsOf, type ProcessName } from '#libs/journal/entry.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { appRoles, type Role } from '../../apps/sandbox/postgres/provision.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { call, newWorld, type World } from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;
const clients = new Map<Role, pg.Client>();

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  const lender = await world.startLender();
  const somebody = await acts.somebody();
  expect((await acts.act(somebody, { kind: 'place', lockHours: 0 })).status).toBe(200);
  const check = await call({ app: lender }, world.bank, {
    ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
    body: { iin: somebody.iin, product: 'bank-loan', stage: 'decision', loanRef: 'A-1' },
  });
  expect(check.status).toBe(201);
  await lender.close();
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

/** Runs a statement and takes it back; the error's SQLSTATE, or how many rows it touched. */
async function attempt(role: Role, sql: string): Promise<string | number> {
  const client = clients.get(role);
  if (client === undefined) throw new Error('no such role');
  await client.query('BEGIN');
  try {
    return (await client.query(sql)).rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.query('ROLLBACK');
  }
}

const notPermitted = '42501';
const integrity = '23000';

/** An entry at the end of the Journal, as far as SQL goes. */
const append = (kind: string, index = '(SELECT size FROM journal_head)'): string => `
  INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash)
  VALUES (${index}, '${randomUUID()}', '${kind}', now(), '{"kind":"${kind}"}', sha256('a'), sha256('c'), sha256('b'))`;

const processOf: Readonly<Partial<Record<Role, ProcessName>>> = {
  tyiym_citizen: 'citizen',
  tyiym_lender: 'lender',
  tyiym_bureau: 'bureau',
  tyiym_clerk_worker: 'clerk',
  tyiym_tool: 'tool',
};

describe('appending', () => {
  it.each(appRoles)('%s appends no kind that is not its own', async (role) => {
    const process = processOf[role];
    const foreign = entryKinds.filter((kind) => process === undefined || !kindsOf[process].includes(kind));
    expect(foreign.length).toBeGreaterThan(0);
    const codes = await Promise.all(
      foreign
        .map((kind) => kind)
        .map(async (kind) => [kind, await inTurn(() => attempt(role, append(kind)))]),
    );
    expect(codes).toEqual(foreign.map((kind) => [kind, notPermitted]));
  });

  it('says in row-level security what kindsOf says', async () => {
    const { rows } = await world.database.superuser.query<{ role: string; kinds: string[] }>(
      `SELECT p.roles[1] AS role, array(SELECT m[1] FROM regexp_matches(p.with_check, '''([^'']+)''', 'g') m) AS kinds
       FROM pg_policies p WHERE p.tablename = 'entries' AND p.cmd = 'INSERT' AND p.permissive = 'PERMISSIVE' ORDER BY 1`,
    );
    expect(rows.map(({ role }) => role)).toEqual([
      'tyiym_bureau',
      'tyiym_citizen',
      'tyiym_clerk_worker',
      'tyiym_lender',
      'tyiym_tool',
    ]);
    for (const { role, kinds } of rows) {
      const process = processOf[role as Role];
      if (process === undefined) throw new Error(`${role} appends`);
      expect(kinds.toSorted()).toEqual(kindsOf[process].toSorted());
    }
  });

  it.each([
    ['tyiym_citizen', 'refusal.placed'],
    ['tyiym_lender', 'check.made'],
    ['tyiym_bureau', 'refusal.stamped'],
    ['tyiym_clerk_worker', 'refusal.lifted'],
    ['tyiym_tool', 'regime.changed'],
  ] as const)('%s appends no entry without the head', async (role, kind) => {
    expect(await attempt(role, append(kind))).toBe(integrity);
    expect(await attempt(role, append(kind, '1000'))).toBe(integrity);
  });
});

/** pg runs one statement at a time on a connection; a transaction must not be cut by another. */
let turn: Promise<unknown> = Promise.resolve();
function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const next = turn.then(act);
  turn = next.catch(() => undefined);
  return next;
}

const appending = Object.keys(processOf) as Role[];
const readers = ['tyiym_access', 'tyiym_log', 'tyiym_clerk_signer'] as const;

describe('what is written stays written', () => {
  const tables = [
    'entries',
    'heads',
    'checks',
    'signed_documents',
    ...['revocation_answers', 'move_judgements', 'move_alarms'],
    ...['official_acts', 'journal_head', 'regime'],
  ];
  it.each(appRoles)('%s deletes nothing of the record', async (role) => {
    for (const table of [...tables, 'refusals', 'people', 'applications', 'parties', 'checkpoints'])
      expect([table, await attempt(role, `DELETE FROM ${table}`)]).toEqual([table, notPermitted]);
  });

  it.each(appRoles)('%s updates no entry, head, check, law or signed document', async (role) => {
    for (const change of [
      `entries SET entry = entry`,
      `entries SET seed = NULL`,
      `heads SET jws = jws`,
      `checks SET verdict = verdict`,
      `regime SET value = value`,
      `signed_documents SET cms = cms`,
      `revocation_answers SET answer = answer`,
      `official_acts SET cms = cms`,
      `move_alarms SET fault = fault`,
      `people SET iin = iin`,
      `journal_head SET origin = origin`,
      `journal_head SET clock_offset_ms = clock_offset_ms`,
      `journal_head SET key_checks = key_checks`,
    ])
      expect([change, await attempt(role, `UPDATE ${change}`)]).toEqual([change, notPermitted]);
  });

  it.each(appRoles)('%s empties, changes and makes no table', async (role) => {
    for (const act of [
      'TRUNCATE entries',
      'ALTER TABLE entries DISABLE TRIGGER ALL',
      'DROP TABLE heads',
      'CREATE TABLE mine (x int)',
    ])
      expect([act, await attempt(role, act)]).toEqual([act, notPermitted]);
  });

  it.each(appRoles)('%s turns no trigger off by the settings of its session', async (role) => {
    expect(await attempt(role, `SET session_replication_role = replica`)).toBe(notPermitted);
    expect(await attempt(role, `SET ROLE tyiym_owner`)).toBe(notPermitted);
  });
});

describe('the head row', () => {
  it.each(appending)('of %s goes neither ahead of the clock nor back nor without entries', async (role) => {
    for (const change of [
      `last_at = '2099-01-01'`,
      `last_at = last_at - interval '1 ms'`,
      `last_at = last_at + interval '1 ms'`,
      `size = size + 1`,
      `size = size - 1`,
      `root = sha256('x')`,
      `frontier = ''`,
      `state_version = state_version - 1`,
      // The last number there is: after it no fence and no batch could ever follow.
      `state_version = 9007199254740991`,
      `rules_version = rules_version + 1`,
      `feed_seq = feed_seq + 1`,
    ])
      expect([change, await attempt(role, `UPDATE journal_head SET ${change}`)]).toEqual([change, integrity]);
  });

  it.each(appending)('moves by the fence of %s', async (role) => {
    expect(await attempt(role, 'UPDATE journal_head SET state_version = state_version + 1')).toBe(1);
  });

  it.each(appending)('gets no signed head beyond itself from %s', async (role) => {
    const head = `INSERT INTO heads SELECT size + 1, size, last_at, root, frontier, 'kid', 'jws' FROM journal_head`;
    expect(await attempt(role, head)).toBe(integrity);
  });

  it.each(appending)('gets no second signed head for what others signed, from %s', async (role) => {
    // Receipts are made again from the first head beyond their entry; one between two would take its place.
    const between = `INSERT INTO heads SELECT size - 1, from_size, at, root, frontier, 'kid', 'jws' FROM heads
      WHERE size - from_size > 1 LIMIT 1`;
    expect(await attempt(role, between)).toBe(integrity);
  });

  it.each(readers)('is not moved by %s at all', async (role) => {
    expect(await attempt(role, 'UPDATE journal_head SET state_version = state_version + 1')).toBe(
      notPermitted,
    );
  });
});

describe('refusals', () => {
  it.each(['tyiym_citizen', 'tyiym_clerk_worker', 'tyiym_tool'] as const)(
    'move for %s only as an entry says',
    async (role) => {
      for (const change of [
        `UPDATE refusals SET state = 'none' WHERE state = 'in-force'`,
        `UPDATE refusals SET version = version + 1 WHERE state = 'in-force'`,
        `UPDATE refusals SET subject = sha256('x') WHERE state = 'in-force'`,
        `UPDATE refusals SET lock_hours = lock_hours + 1 WHERE state = 'in-force'`,
        `UPDATE refusals SET lock_hours = 1 WHERE state = 'sentinel'`,
        `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours) VALUES (sha256('x'), 1, 'sentinel', 0, 0)`,
        `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours, moved_leaf, entry_index)
       VALUES (sha256('x'), 1, 'none', 1, 0, sha256('y'), 0)`,
      ])
        expect([change, await attempt(role, change)]).toEqual([change, integrity]);
    },
  );

  it('are not written by the lender', async () => {
    expect(await attempt('tyiym_lender', `UPDATE refusals SET lock_hours = 0`)).toBe(notPermitted);
    expect(await attempt('tyiym_lender', `INSERT INTO refusals SELECT * FROM refusals`)).toBe(notPermitted);
  });
});

describe('reading', () => {
  it.each([
    [
      'tyiym_lender',
      [
        'people',
        'applications',
        'signed_documents',
        'revocation_answers',
        'officials',
        'official_acts',
        'oidc_payloads',
      ],
    ],
    ['tyiym_bureau', ['people', 'applications', 'signed_documents', 'officials', 'checks', 'oidc_payloads']],
    [
      'tyiym_access',
      [
        'people',
        'applications',
        'signed_documents',
        'refusals',
        'entries',
        'checks',
        'journal_head',
        'idempotency_keys',
      ],
    ],
    [
      'tyiym_log',
      ['people', 'applications', 'signed_documents', 'refusals', 'checks', 'officials', 'idempotency_keys'],
    ],
    [
      'tyiym_clerk_signer',
      [
        'people',
        'applications',
        'signed_documents',
        'refusals',
        'checks',
        'parties',
        'officials',
        'public_openings',
      ],
    ],
    ['tyiym_citizen', ['officials', 'official_acts', 'oidc_payloads', 'checkpoints', 'revocation_answers']],
    ['tyiym_citizen', ['move_judgements', 'move_alarms']],
    ['tyiym_tool', ['oidc_payloads', 'assertion_ids']],
    // Parties, keys and law are read from verified acts.
    ...appRoles
      .filter((role) => role !== 'tyiym_tool')
      .map(
        (role) =>
          [role, ['parties', 'party_keys', 'regime', 'signing_keys', 'officials', 'migrations']] as const,
      ),
    ['tyiym_clerk_worker', ['applications', 'checkpoints', 'corrections', 'digests', 'stamps']],
    ['tyiym_log', ['closed_logs', 'journal_head', 'heads']],
    ['tyiym_clerk_signer', ['heads']],
    ['tyiym_tool', ['people_asked', 'reference_lookalikes']],
  ] as const)('%s does not read what is not its business', async (role, tables) => {
    for (const table of tables)
      expect([table, await attempt(role, `SELECT * FROM ${table}`)]).toEqual([table, notPermitted]);
  });

  it.each(['tyiym_log', 'tyiym_clerk_signer'] as const)(
    '%s sees of an entry what its leaf says and nothing else',
    async (role) => {
      expect(await attempt(role, 'SELECT index, leaf_hash FROM entries')).toBeGreaterThan(0);
      const commitments = await attempt(role, 'SELECT commitment FROM entries');
      if (role === 'tyiym_log') expect(commitments).toBe(notPermitted);
      else expect(commitments).toBeGreaterThan(0);
      for (const column of ['entry', 'seed', 'kind', 'at', 'subject', 'party', 'version', 'id'])
        expect([column, await attempt(role, `SELECT ${column} FROM entries`)]).toEqual([
          column,
          notPermitted,
        ]);
    },
  );

  it('the log opens entries that name nobody, and no other', async () => {
    const shown = await attempt('tyiym_log', 'SELECT entry, seed FROM public_openings');
    expect(shown).toBeGreaterThan(0);
    const about = `SELECT 1 FROM public_openings WHERE entry LIKE '%"person"%' OR entry LIKE '%"kind":"check.made"%'`;
    expect(await attempt('tyiym_log', about)).toBe(0);
  });

  it('the lender sees entries of its own kinds only, the citizen’s app those about persons', async () => {
    expect(await attempt('tyiym_lender', `SELECT 1 FROM entries WHERE kind = 'check.made'`)).toBe(1);
    expect(await attempt('tyiym_lender', `SELECT 1 FROM entries WHERE kind <> 'check.made'`)).toBe(0);
    expect(await attempt('tyiym_citizen', `SELECT 1 FROM entries WHERE subject IS NULL`)).toBe(0);
  });

  it('keeps the kept answers of one app from another', async () => {
    expect(await attempt('tyiym_lender', `SELECT 1 FROM idempotency_keys WHERE app = 'lender'`)).toBe(1);
    expect(await attempt('tyiym_lender', `SELECT 1 FROM idempotency_keys WHERE app <> 'lender'`)).toBe(0);
    const foreign = `INSERT INTO idempotency_keys (day, app, party, route, key, body_hmac)
      VALUES (current_date, 'citizen', 'p', 'r', 'k', sha256('x'))`;
    expect(await attempt('tyiym_lender', foreign)).toBe(notPermitted);
  });
});

describe('limits', () => {
  const count = (key: string) => `INSERT INTO rate_limits VALUES ('${key}', 1, 1)`;
  it.each([
    ['tyiym_citizen', 'citizen'],
    ['tyiym_lender', 'lender'],
    ['tyiym_access', 'access'],
  ] as const)('%s counts its own calls and uses up nobody else’s', async (role, app) => {
    expect(await attempt(role, count(`${app}:reads:x`))).toBe(1);
    for (const other of ['citizen', 'lender', 'access'].filter((each) => each !== app))
      expect(await attempt(role, count(`${other}:reads:x`))).toBe(notPermitted);
    expect(await attempt(role, 'DELETE FROM rate_limits')).toBe(notPermitted);
  });

  it('only the lender’s processes share out quotas, only the clerk raises alarms, with their entries', async () => {
    const alarm = `INSERT INTO harvesting_alarms VALUES ('bank-alpha', 'day', now(), 0)`;
    const beat = `INSERT INTO lender_processes VALUES ('${randomUUID()}', now())`;
    for (const role of appRoles) {
      expect([role, await attempt(role, beat)]).toEqual([role, role === 'tyiym_lender' ? 1 : notPermitted]);
      const raised = await attempt(role, alarm);
      // And only together with the entry that says so.
      expect([role, raised]).toEqual([role, role === 'tyiym_clerk_worker' ? integrity : notPermitted]);
      expect(await attempt(role, 'DELETE FROM harvesting_alarms')).toBe(notPermitted);
      expect(await attempt(role, `UPDATE harvesting_alarms SET lender = ''`)).toBe(notPermitted);
    }
  });
});

describe('the registry’s own rules', () => {
  it.each(appRoles)('%s moves no clock and makes no partition it has no business with', async (role) => {
    expect(await attempt(role, 'SELECT advance_clock(1)')).toBe(notPermitted);
    expect(await attempt(role, `SELECT make_partition('entries', 'x', '0', '1')`)).toBe(notPermitted);
    const mayMake = role === 'tyiym_clerk_worker';
    expect(await attempt(role, 'SELECT make_partitions(14)')).toBe(mayMake ? 1 : notPermitted);
  });

  it.each(appRoles.filter((role) => role !== 'tyiym_clerk_worker'))('%s sees no job', async (role) => {
    expect(await attempt(role, 'SELECT 1 FROM graphile_worker._private_jobs')).toBe(notPermitted);
  });

  it('only the signer publishes checkpoints, and never another root for a size', async () => {
    for (const role of appRoles.filter((each) => each !== 'tyiym_clerk_signer'))
      expect(await attempt(role, `INSERT INTO checkpoints VALUES (1, 'o', sha256('x'), 'n', now())`)).toBe(
        notPermitted,
      );
    expect(await attempt('tyiym_clerk_signer', `UPDATE checkpoints SET root = sha256('x')`)).toBe(
      notPermitted,
    );
    expect(await attempt('tyiym_clerk_signer', `UPDATE checkpoints SET size = 7`)).toBe(notPermitted);
  });
});

/**
 * Rows that name an entry come with that entry and say what it says: a role that has only its password occupies no place
 * that the next act of others needs, hides nothing that is still to come, and leaves no row beside a truthful entry.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { newId, newUuid, uuidToId } from '#libs/journal/id.js';
import type { Role } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { auditAfterEach } from '../support/auditor.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import { call, iins } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

let scene: BureauScene;
let lender: NestFastifyApplication;
const clients = new Map<Role, pg.Client>();
const roles = ['tyiym_citizen', 'tyiym_lender', 'tyiym_bureau', 'tyiym_clerk_worker'] as const;
type Thief = (typeof roles)[number];

beforeAll(async () => {
  scene = await bureauScene();
  lender = await scene.world.startLender();
  for (const role of roles) {
    const client = new pg.Client(clientConfig(scene.world.database.target(role)));
    await client.connect();
    clients.set(role, client);
  }
  await place();
  await report();
}, 60_000);
auditAfterEach(() => scene.world);
afterAll(async () => {
  for (const client of clients.values()) await client.end();
  await scene.close();
});

const place = async (): Promise<number> => (await acting()).status;
const acting = async () => scene.acts.act(await scene.acts.somebody(), { kind: 'place', lockHours: 0 });
const ago = (hours: number): string => new Date(scene.world.registryNow() - hours * 3_600_000).toISOString();
const terms = (changes: object = {}): object => ({
  ...{ contractNumber: `K-${randomUUID()}`, product: 'bank-loan', circumstance: 'tranche' },
  ...{ amount: { value: '1.00', currency: 'KZT' }, signedAt: ago(3), disbursedAt: ago(2) },
  ...changes,
});
const report = async (changes: object = {}): Promise<number> => {
  const iin = iins.at(-1);
  const { status } = await call({ app: lender }, scene.world.bank, {
    ...{ method: 'POST', path: '/v1/loans', key: randomUUID(), scope: 'loans' },
    body: { iin, ...terms(), ...changes },
  });
  return status;
};
const correct = async (): Promise<number> => {
  const said = { breachId: newId('brc', scene.world.registryNow()), removedAt: ago(1), historyRef: 'H-1' };
  return (await scene.gkb.call('POST', '/v1/corrections', said, randomUUID())).status;
};
const stamp = async (): Promise<number> => {
  await scene.placed();
  const { head } = await scene.gkb.poll({ maxEvents: 0 });
  const items = await eventually(
    'the newest item',
    () => scene.gkb.items(),
    (found) => found.at(-1)?.event.seq === head,
  );
  const said = { jti: items.at(-1)?.jti, recordedAt: new Date(scene.world.registryNow()).toISOString() };
  return (
    await scene.gkb.call('POST', '/v1/stamps', { items: [{ ...said, historyRef: 'H-1' }] }, randomUUID())
  ).status;
};

/** The SQLSTATE of a statement, or how many rows it left. */
async function attempt(role: Thief, sql: string): Promise<unknown> {
  return clients
    .get(role)
    ?.query(sql)
    .then(
      ({ rowCount }) => rowCount,
      ({ code }: { code?: unknown }) => code,
    );
}
const integrity = '23000';
const ahead = `(SELECT g FROM journal_head, generate_series(size, size + 20) AS g) AS g`;

describe('no act of others is kept from committing', () => {
  const blocks: readonly (readonly [what: string, Thief, sql: string, act: () => Promise<number>])[] = [
    [
      'a placing, by documents under entries to come',
      'tyiym_citizen',
      `INSERT INTO signed_documents SELECT g, application_id, person_id, document, cms, revocation, revocation_kind, false
       FROM (SELECT * FROM signed_documents LIMIT 1) AS d, ${ahead}`,
      place,
    ],
    ...(['tyiym_lender', 'tyiym_bureau'] as const).map(
      (role) =>
        [
          `a report, by loans under entries to come, as ${role}`,
          role,
          `INSERT INTO loans (entry_index, loan_id, about, party, lender_bin, own_numbers, person_id, subject_epoch, subject,
             product, amount, signed_at, disbursed_at, at)
           SELECT g, loan_id, about, party, lender_bin, own_numbers, person_id, subject_epoch, subject, product, amount,
             signed_at, disbursed_at, at FROM (SELECT * FROM loans LIMIT 1) AS l, ${ahead}`,
          report,
        ] as const,
    ),
  ];
  it.each(blocks)('%s', async (_what, role, sql, act) => {
    expect(await attempt(role, sql)).toBe(integrity);
    expect([200, 201]).toContain(await act());
  });

  it('a lift, by answers under entries to come', async () => {
    const somebody = await scene.placed();
    const block = `INSERT INTO revocation_answers SELECT g, gen_random_uuid(), person_id, 'x', 'crl'
      FROM (SELECT * FROM people LIMIT 1) AS p, ${ahead}`;
    expect(await attempt('tyiym_clerk_worker', block)).toBe(integrity);
    const lifts = async (): Promise<number | null> =>
      (await scene.world.database.superuser.query(`SELECT FROM entries WHERE kind = 'refusal.lifted'`))
        .rowCount;
    const before = await lifts();
    expect((await scene.acts.act(somebody, { kind: 'lift' })).status).toBe(200);
    await eventually('the lift', lifts, (count) => count !== before);
  });

  it('a bureau’s reading, by a day’s key that opens nothing, before the good one and after it', async () => {
    const { superuser } = scene.world.database;
    const readNext = async (): Promise<void> => {
      const somebody = await scene.placed();
      const items = await eventually(
        'an item',
        () => scene.gkb.items(),
        (found) => found.some(({ claims }) => !seen.has(claims.jti)),
      );
      const item = items.find(({ claims }) => !seen.has(claims.jti));
      for (const { claims } of items) seen.add(claims.jti);
      // The clerk looks at the rows once a minute of the registry's time, and learns a moment later that it went on.
      await eventually(
        'a day’s key that opens it',
        () => scene.gkb.open(item?.event.sealed ?? '').catch(() => undefined),
        (opened) => opened?.iin === somebody.iin,
      );
    };
    const seen = new Set((await scene.gkb.items()).map(({ claims }) => claims.jti));
    const garbage = `INSERT INTO day_keys (stream_id, day, enc_kid, jwe, root_check, seal)
      SELECT DISTINCT ON (stream_id, enc_kid) stream_id, (registry_now() AT TIME ZONE 'UTC')::date, enc_kid,
        left(jwe, -8) || reverse(right(jwe, 8)), sha256('x')::bytea, sha256('x') FROM day_keys`;
    await scene.stopClerk();
    await scene.world.advanceHours(24);
    expect(await attempt('tyiym_clerk_worker', garbage.replace(`sha256('x')::bytea`, `'\\x00'`))).toBe(
      '23514',
    );
    const one = garbage.replace(`sha256('x')::bytea`, `substr(sha256('x'), 1, 16)`);
    expect(await attempt('tyiym_clerk_worker', one)).toBe(2);
    await scene.startClerk();
    await readNext();
    expect(await attempt('tyiym_clerk_worker', one)).toBe(2);
    await scene.world.advanceHours(1);
    await readNext();
    const later = one
      .replace('(stream_id', '(seq, stream_id')
      .replace(') stream_id', ') 9, stream_id')
      .replace('seal)', 'seal) OVERRIDING SYSTEM VALUE');
    expect(await attempt('tyiym_clerk_worker', later)).toBe('42501');
    const { rowCount } = await superuser.query(`DELETE FROM day_keys WHERE seal = sha256('x')`);
    expect(rowCount).toBe(4);
  });

  it('the sealing for a bureau, by an item ahead of its stream', async () => {
    await scene.stopClerk();
    await scene.placed();
    const block = `INSERT INTO sealed_items SELECT stream_id, f.seq, f.entry_id, 'refusal-placed', sha256('x'), 1, f.at, 'x', false
      FROM feed f JOIN streams s ON f.seq = s.sealed_seq + 1`;
    expect(await attempt('tyiym_clerk_worker', block)).toBe(integrity);
    await scene.startClerk();
    expect(await stamp()).toBe(200);
  });
});

describe('nothing to come is hidden', () => {
  const hidings: readonly (readonly [what: string, Thief, sql: string, code: string])[] = [
    [
      'a notice that its lender never fetched',
      'tyiym_lender',
      'INSERT INTO notice_deliveries SELECT notice_id, 0 FROM notices LIMIT 1',
      integrity,
    ],
    [
      'an alarm of the next hours',
      'tyiym_clerk_worker',
      `INSERT INTO harvesting_alarms SELECT 'bank-alfa', 'hour', date_trunc('hour', registry_now()) + interval '1 hour', size - 1
       FROM journal_head`,
      integrity,
    ],
    [
      'the notice of a placing to come',
      'tyiym_clerk_worker',
      `INSERT INTO notices (notice_id, lender, kind, entry_index, about, at)
       SELECT gen_random_uuid(), 'bank-alfa', 'refusal-placed', size, gen_random_uuid(), registry_now() FROM journal_head`,
      integrity,
    ],
    [
      'an alarm about a move to come',
      'tyiym_clerk_worker',
      `INSERT INTO move_alarms SELECT size, 'no-document', registry_now() FROM journal_head`,
      integrity,
    ],
    [
      'later notices, behind a number ahead of the sequence',
      'tyiym_clerk_worker',
      `INSERT INTO notices (seq, notice_id, lender, kind, entry_index, about, at) OVERRIDING SYSTEM VALUE
       SELECT 1000000, gen_random_uuid(), 'bank-alfa', 'refusal-placed', index, id, at FROM entries LIMIT 1`,
      '42501',
    ],
  ];
  it.each(hidings)('%s', async (_what, role, sql, code) => {
    const { bank } = scene.world;
    const somebody = await scene.acts.somebody();
    const asked = await call({ app: lender }, bank, {
      ...{ method: 'POST', path: '/v1/checks', key: randomUUID(), scope: 'checks' },
      body: { iin: somebody.iin, product: 'bank-loan', stage: 'decision', loanRef: `A-${randomUUID()}` },
    });
    expect(asked.status).toBe(201);
    expect((await scene.acts.act(somebody, { kind: 'place', lockHours: 0 })).status).toBe(200);
    await eventually(
      'a notice',
      async () => (await scene.world.database.superuser.query('SELECT FROM notices')).rowCount,
      (count) => count !== 0,
    );
    expect(await attempt(role, sql)).toBe(code);
  });
});

/** What the process itself would leave if it wrote another row than its entry says: the superuser spoils it on its way. */
const columns: readonly (readonly [table: string, spoils: readonly string[], act: () => Promise<number>])[] =
  [
    [
      'loans',
      [
        ...[
          'entry_index := NEW.entry_index + 1',
          'loan_id := gen_random_uuid()',
          'about := gen_random_uuid()',
        ],
        ...[
          `party := 'gkb'`,
          `lender_bin := '999999999999'`,
          'subject := sha256(NEW.subject)',
          'subject_epoch := 2',
        ],
        ...[`person_id := (SELECT person_id FROM people WHERE person_id <> NEW.person_id LIMIT 1)`],
        ...[
          `product := 'microcredit'`,
          'circumstance := NULL',
          'amount := 2',
          `signed_at := NEW.signed_at - interval '1 s'`,
        ],
        ...[
          `disbursed_at := NEW.disbursed_at - interval '1 s'`,
          'check_id := gen_random_uuid()',
          'at := NEW.signed_at',
        ],
      ],
      () => report(),
    ],
    [
      'stamps',
      [
        ...['entry_index := 0', `client_id := 'pkb'`, 'seq := NEW.seq - 1', "at := NEW.at - interval '1 s'"],
        ...[`recorded_at := NEW.recorded_at - interval '1 s'`, `history_ref := 'H-2'`, 'history_ref := NULL'],
      ],
      () => stamp(),
    ],
    [
      'corrections',
      [
        ...[
          'entry_index := 0',
          'entry_id := gen_random_uuid()',
          `client_id := 'pkb'`,
          'breach_id := gen_random_uuid()',
        ],
        ...[`number := 'REL-0000-0000-0000'`, `removed_at := NEW.removed_at - interval '1 s'`],
        ...['history_ref := NULL', `at := NEW.at - interval '1 s'`],
      ],
      () => correct(),
    ],
    [
      'signed_documents',
      [
        ...['entry_index := 0', 'application_id := gen_random_uuid()'],
        'person_id := (SELECT person_id FROM people WHERE person_id <> NEW.person_id LIMIT 1)',
      ],
      () => place(),
    ],
  ];

describe.each(columns)('a row of %s', (table, spoils, act) => {
  it.each(spoils)('does not stand beside its entry with %s', async (spoil) => {
    const { superuser } = scene.world.database;
    await superuser.query(`CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.${spoil}; RETURN NEW; END $$`);
    await superuser.query(
      `CREATE TRIGGER spoil BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION spoil()`,
    );
    try {
      expect(await act()).toBe(503);
    } finally {
      await superuser.query('DROP FUNCTION spoil CASCADE');
    }
  });
});

it.each([
  'application_id := gen_random_uuid()',
  'person_id := (SELECT person_id FROM people WHERE person_id <> NEW.person_id LIMIT 1)',
])('a row of revocation_answers does not stand beside its lift with %s', async (spoil) => {
  const { superuser } = scene.world.database;
  await superuser.query(`CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.${spoil}; RETURN NEW; END $$`);
  await superuser.query(
    `CREATE TRIGGER spoil BEFORE INSERT ON revocation_answers FOR EACH ROW EXECUTE FUNCTION spoil()`,
  );
  const count = async (sql: string): Promise<number> => (await superuser.query(sql)).rowCount ?? 0;
  const lifted = `SELECT FROM entries WHERE kind = 'refusal.lifted'`;
  const before = await count(lifted);
  try {
    const somebody = await scene.placed();
    expect((await scene.acts.act(somebody, { kind: 'lift' })).status).toBe(200);
    const failed = `SELECT FROM graphile_worker.jobs WHERE last_error IS NOT NULL`;
    await eventually(
      'a lift that fails',
      () => count(failed),
      (found) => found > 0,
    );
    expect(await count(lifted)).toBe(before);
  } finally {
    await superuser.query('DROP FUNCTION spoil CASCADE');
  }
  await eventually(
    'the lift',
    () => count(lifted),
    (found) => found === before + 1,
  );
});

it('spells a UUID in the database as everywhere else', async () => {
  const uuids = Array.from({ length: 200 }, (_, place) => newUuid(place * 1e10));
  const { rows } = await scene.world.database.superuser.query<{ id: string }>(
    `SELECT id_of('ent', u) AS id FROM unnest($1::uuid[]) WITH ORDINALITY AS l (u, place) ORDER BY place`,
    [uuids],
  );
  expect(rows.map(({ id }) => id)).toEqual(uuids.map((uuid) => uuidToId('ent', uuid)));
});

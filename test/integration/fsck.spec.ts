/**
 * fsck on a registry in which citizens, a lender and the clerk did real things: clean as it is, and naming the row
 * whenever the owner of the database changed one. Each change is undone by its transaction's end. Not audited after each
 * test, because the last one leaves a lift that nobody signed.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import type { FindingCode } from '../../apps/tool/fsck/finding.js';
import { fsck, type FsckReport } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { citizenActs, type CitizenActs, type Somebody } from '../support/citizen-acts.js';
import { call, newWorld, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';
import { forgeLift } from '../support/forged-lift.js';
import { origin } from '../support/journals.js';

let world: World;
let lender: NestFastifyApplication;
let owner: DataSource;
let acts: CitizenActs;
let standing: Somebody;

beforeAll(async () => {
  world = await newWorld();
  lender = await world.startLender();
  await world.startClerk();
  owner = await openDatabase(world.database.target('tyiym_owner'), { poolSize: 2 });
  acts = citizenActs(world);
  await playScene();
}, 60_000);
afterAll(async () => {
  await owner.destroy();
  await world.close();
});

async function check({ iin }: Somebody, stage: string): Promise<string> {
  const answer = await call({ app: lender }, world.bank, {
    ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
    body: { iin, product: 'microcredit', stage, loanRef: `A-${randomUUID()}` },
  });
  expect(answer.status).toBe(201);
  return (answer.body as { verdict: string }).verdict;
}

const aRevoked = `(SELECT max(index) FROM entries WHERE kind = 'lift.cancelled' AND strpos(entry, 'certificate-revoked') > 0)`;

/** Every move a refusal can make, and checks before and after. */
async function playScene(): Promise<void> {
  const passing = await acts.somebody();
  expect(await check(passing, 'decision')).toBe('clear');
  expect((await acts.act(passing, { kind: 'place', lockHours: 0 })).status).toBe(200);
  expect(await check(passing, 'disbursement')).toBe('refused');
  const lifted = await acts.act(passing, { kind: 'lift', placeAgainAfterHours: 24 });
  expect((lifted.body as { state: string }).state).toBe('lifted');
  expect(await check(passing, 'disbursement')).toBe('clear');

  standing = await acts.somebody();
  expect((await acts.act(standing, { kind: 'place', lockHours: 12 })).status).toBe(200);
  expect((await acts.act(standing, { kind: 'place', lockHours: 24 })).status).toBe(200);
  expect((await acts.act(standing, { kind: 'lift' })).status).toBe(200);
  expect((await acts.present('/v1/lift-cancellations', standing.iin)).status).toBe(200);
  expect(await check(standing, 'decision')).toBe('refused');

  const robbed = await acts.somebody();
  expect((await acts.act(robbed, { kind: 'place', lockHours: 12 })).status).toBe(200);
  expect((await acts.act(robbed, { kind: 'lift' })).status).toBe(200);
  world.revoke(robbed.person);

  await world.advanceHours(25);
  await eventually(
    'the end of a lift whose certificate was revoked',
    () => world.database.superuser.query(`SELECT 1 FROM entries WHERE index = ${aRevoked}`),
    ({ rows }) => rows.length === 1,
  );
  expect(await check(robbed, 'decision')).toBe('refused');
  // The return that the first lift was signed with.
  await eventually(
    'a return',
    () =>
      world.database.superuser.query(
        `SELECT 1 FROM entries WHERE kind = 'refusal.placed' AND entry LIKE '%requestedBy%'`,
      ),
    ({ rows }) => rows.length === 1,
  );
  expect(await check(passing, 'decision')).toBe('refused');
}

async function run(tx: EntityManager): Promise<FsckReport> {
  const { tool } = world;
  return fsck({
    ...{ tx, origin, trust: trustOf(tool), pageSize: 7 },
    identityKey: readIdentityKey(tool.keysDir),
    lookupKeys: readLookupKeys(tool.keysDir),
  });
}

const guardedTables = [
  ...[
    'entries',
    'refusals',
    'journal_head',
    'heads',
    'checkpoints',
    'official_acts',
    'signed_documents',
    'revocation_answers',
  ],
  ...['parties', 'party_keys', 'officials', 'regime', 'signing_keys'],
];

/** What fsck says once the owner has made these changes, all of which are undone. */
async function spoiled(
  changes: readonly string[],
  judge: (report: FsckReport, runner: QueryRunner) => unknown,
): Promise<void> {
  const runner = owner.createQueryRunner();
  await runner.startTransaction();
  try {
    for (const table of guardedTables) await runner.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    for (const change of changes) {
      const { affected } = await runner.query(change, [], true);
      expect(affected).toBeGreaterThan(0);
    }
    await judge(await run(runner.manager), runner);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

describe('fsck', () => {
  it('finds nothing in what the processes did, as the tool’s own role', async () => {
    const dataSource = await openDatabase(world.database.target('tyiym_tool'), { poolSize: 2 });
    try {
      const { findings, size } = await run(dataSource.manager);
      expect(findings).toEqual([]);
      expect(size).toBeGreaterThan(20);
    } finally {
      await dataSource.destroy();
    }
  });

  it('names every blanked entry: one of each kind, and a person taken away whole', async () => {
    const his = `subject = (SELECT subject FROM refusals WHERE lock_hours = 24)`;
    const blank = 'UPDATE entries SET entry = NULL, seed = NULL, subject = NULL WHERE';
    const changes = [
      `${blank} index IN (SELECT min(index) FROM entries GROUP BY kind)`,
      `${blank} ${his}`,
      `DELETE FROM refusals WHERE lock_hours = 24`,
    ];
    await spoiled(changes, async ({ findings }, { manager }) => {
      const blanked: { index: number }[] = await manager.query(
        'SELECT index FROM entries WHERE entry IS NULL',
      );
      expect(blanked.length).toBeGreaterThan(10);
      const named = findings.filter(({ code }) => code === 'entry-blanked').map(({ index }) => index);
      expect(named.toSorted()).toEqual(blanked.map(({ index }) => index).toSorted());
    });
  });

  const flip = (column: string): string => `${column} = set_byte(${column}, 40, get_byte(${column}, 40) # 1)`;
  const flipFirst = (column: string): string =>
    `${column} = set_byte(${column}, 0, get_byte(${column}, 0) # 1)`;
  const aCheck = `(SELECT min(index) FROM entries WHERE kind = 'check.made')`;
  const anAct = `(SELECT min(index) FROM entries WHERE kind = 'lift.requested')`;

  it.each<[string, string, FindingCode[], string?]>([
    [
      'a byte of an entry',
      `UPDATE entries SET entry = replace(entry, '"A-', '"B-') WHERE index = ${aCheck}`,
      ['leaf-differs', 'row-differs'],
    ],
    [
      'an entry, no longer canonical',
      `UPDATE entries SET entry = replace(entry, ',"id"', ', "id"') WHERE index = ${aCheck}`,
      ['entry-malformed'],
    ],
    ['a byte of a seed', `UPDATE entries SET ${flipFirst('seed')} WHERE index = ${aCheck}`, ['leaf-differs']],
    [
      'a byte of a leaf hash',
      `UPDATE entries SET ${flipFirst('leaf_hash')} WHERE index = ${aCheck}`,
      ['leaf-differs', 'head-differs', 'journal-head-differs'],
    ],
    [
      'a byte of a commitment',
      `UPDATE entries SET ${flipFirst('commitment')} WHERE index = ${aCheck}`,
      ['leaf-differs'],
    ],
    [
      'the instant beside an entry',
      `UPDATE entries SET at = at + interval '1 day' WHERE index = ${aCheck}`,
      ['column-differs', 'clock-went-back', 'head-differs'],
    ],
    [
      'the person of a check',
      `UPDATE entries SET subject = (SELECT subject FROM entries WHERE kind = 'lift.requested' ORDER BY index DESC LIMIT 1) WHERE index = ${aCheck}`,
      ['person-differs', 'row-differs'],
    ],
    [
      'an entry, gone',
      `DELETE FROM entries WHERE index = ${aCheck}`,
      ['index-gap', 'head-differs', 'row-unknown'],
    ],
    [
      'a check',
      `UPDATE checks SET verdict = 'clear', valid_until = now() WHERE verdict = 'refused'`,
      ['row-differs'],
    ],
    ['a check, gone', `DELETE FROM checks WHERE verdict = 'refused'`, ['row-missing']],
    ['a refusal', `UPDATE refusals SET lock_hours = 0 WHERE lock_hours = 24`, ['row-differs']],
    ['a refusal, gone', `DELETE FROM refusals WHERE lock_hours = 24`, ['row-missing']],
    [
      'a refusal nobody placed',
      `INSERT INTO refusals SELECT sha256('x'), 1, 'in-force', 1, 0, now(), NULL, NULL, NULL, NULL, NULL, NULL, sha256('y'), 3`,
      ['row-unknown'],
    ],
    ['an item of the feed', `UPDATE feed SET version = version + 1 WHERE seq = 2`, ['row-differs']],
    [
      'an item of the feed, gone',
      `WITH s AS (DELETE FROM sealed_items) DELETE FROM feed WHERE seq = 2`,
      ['row-missing', 'row-differs'],
    ],
    [
      'the newest item of the feed, gone',
      `WITH s AS (DELETE FROM sealed_items) DELETE FROM feed WHERE seq = (SELECT max(seq) FROM feed)`,
      ['row-missing'],
    ],
    ['the root of the head row', `UPDATE journal_head SET ${flipFirst('root')}`, ['journal-head-differs']],
    [
      'the last instant of the head row',
      `UPDATE journal_head SET last_at = last_at - interval '1 hour'`,
      ['journal-head-differs'],
    ],
    [
      'the root of a signed head',
      `UPDATE heads SET ${flipFirst('root')} WHERE size = (SELECT max(size) FROM heads)`,
      ['head-differs', 'head-signature'],
    ],
    [
      'a letter of a signature of a head',
      `UPDATE heads SET jws = left(jws, -8) || reverse(right(jws, 8)) WHERE size = (SELECT max(size) FROM heads)`,
      ['head-signature'],
    ],
    [
      'the key of a head',
      `UPDATE heads SET kid = (SELECT kid FROM signing_keys WHERE purpose = 'head/citizen') WHERE size = (SELECT max(size) FROM heads)`,
      ['head-kinds'],
    ],
    [
      'a signed head, gone',
      `DELETE FROM heads WHERE size = (SELECT max(size) FROM heads)`,
      ['head-missing', 'journal-head-differs'],
    ],
    [
      'a byte of a CMS',
      `UPDATE signed_documents SET ${flip('cms')} WHERE entry_index = ${anAct}`,
      ['act-not-signed', 'lift-not-requested', 'verdict-differs'],
    ],
    [
      'a byte of a signed document',
      `UPDATE signed_documents SET ${flip('document')} WHERE entry_index = ${anAct}`,
      ['act-not-signed'],
    ],
    [
      'a byte of a revocation list',
      `UPDATE signed_documents SET ${flip('revocation')} WHERE entry_index = ${anAct}`,
      ['act-not-signed'],
    ],
    [
      'a signed document, gone',
      `DELETE FROM signed_documents WHERE entry_index = ${anAct}`,
      ['act-not-signed'],
    ],
    [
      'a byte of what the authority said at the hour of a lift',
      `UPDATE revocation_answers SET ${flip('answer')}`,
      ['revocation-not-shown', 'verdict-differs', 'row-differs'],
    ],
    [
      'a byte of the list that named the certificate of a lift called off',
      `UPDATE revocation_answers SET ${flip('answer')} WHERE entry_index = ${aRevoked}`,
      ['revocation-not-shown'],
    ],
    [
      'the answer under a lift, gone',
      'DELETE FROM revocation_answers',
      ['revocation-not-shown', 'verdict-differs', 'row-differs'],
    ],
    ['a byte of a sealed person', `UPDATE people SET ${flip('iin')}`, ['row-differs', 'act-not-signed']],
    [
      'a person no entry names, because he stands under a pseudonym that is not his',
      `UPDATE people SET subject = sha256(subject) WHERE person_id = (SELECT min(person_id::text)::uuid FROM people)`,
      ['row-differs'],
      'people',
    ],
    [
      'a signed document without an entry',
      `INSERT INTO signed_documents SELECT 1000000, application_id, person_id, document, cms, revocation, 'crl', false
       FROM signed_documents LIMIT 1`,
      ['row-unknown'],
      'signed_documents 1000000',
    ],
    [
      'a signed document under a check',
      `INSERT INTO signed_documents SELECT ${aCheck}, application_id, person_id, document, cms, revocation, 'crl', false
       FROM signed_documents LIMIT 1`,
      ['row-unknown'],
      'signed_documents',
    ],
    [
      'the authority’s word without an entry',
      `INSERT INTO revocation_answers SELECT 1000000, application_id, person_id, answer, kind FROM revocation_answers LIMIT 1`,
      ['row-unknown'],
      'revocation_answers 1000000',
    ],
    [
      'the authority’s word under the asking for a lift',
      `INSERT INTO revocation_answers SELECT ${anAct}, application_id, person_id, answer, kind FROM revocation_answers LIMIT 1`,
      ['row-unknown'],
      'revocation_answers',
    ],
    [
      'an act of the operator without an entry',
      `INSERT INTO official_acts VALUES ('00000000-0000-7000-8000-000000000001', 1000000, '{}', '', '{x,y}')`,
      ['row-unknown'],
      'official_acts 00000000-0000-7000-8000-000000000001',
    ],
    [
      'a second act of the operator under one entry',
      `INSERT INTO official_acts VALUES ('00000000-0000-7000-8000-000000000001', ${aCheck}, '{}', '', '{x,y}')`,
      ['row-unknown'],
      'official_acts 00000000-0000-7000-8000-000000000001',
    ],
    [
      'an application',
      `UPDATE applications SET ${flipFirst('cms_sha256')} WHERE entry_index = ${anAct}`,
      ['row-differs'],
    ],
    ['a party', `UPDATE parties SET state = 'suspended' WHERE client_id = 'bank-alpha'`, ['row-differs']],
    ['a key of a party', `UPDATE party_keys SET retired_at = now()`, ['row-differs']],
    [
      'an official',
      `UPDATE officials SET cert_sha256 = '{x}' WHERE official_id = 'official-1'`,
      ['row-differs'],
    ],
    ['a row of law', `UPDATE regime SET value = '1' WHERE name = 'liftDelay'`, ['row-differs']],
    [
      'a row of law that is none',
      `UPDATE regime SET value = '"soon"' WHERE name = 'liftDelay'`,
      ['row-differs'],
    ],
    [
      'a key of the registry',
      `UPDATE signing_keys SET revoked_at = now() WHERE purpose = 'head/lender'`,
      ['row-differs'],
    ],
    [
      'a checkpoint nobody signed',
      `INSERT INTO checkpoints SELECT size, origin, root, 'a note', now() FROM journal_head`,
      ['checkpoint-differs'],
    ],
  ])('names %s', async (_, change, codes, place = '') => {
    await spoiled([change], ({ findings }) => {
      expect([...new Set(findings.map(({ code }) => code))]).toEqual(expect.arrayContaining(codes));
      expect(findings.map(({ table, row }) => `${table ?? ''} ${row ?? ''}`)).toContainEqual(
        expect.stringContaining(place),
      );
      expect(JSON.stringify(findings)).not.toContain(standing.iin);
    });
  });

  it('names a lift nobody signed, slipped in by the owner, and the verdict that believed it', async () => {
    const { superuser } = world.database;
    await superuser.query('SET session_replication_role = replica');
    const index = await forgeLift(superuser, standing.iin);
    await superuser.query('SET session_replication_role = DEFAULT');
    expect(await check(standing, 'decision')).toBe('clear');

    const { findings } = await run(owner.manager);
    for (const [code, at] of [
      ['lift-not-requested', index],
      ['verdict-differs', index + 1],
      ['validity-differs', index + 1],
    ] as const)
      expect(findings).toContainEqual(expect.objectContaining({ code, index: at }));
    expect(findings).toContainEqual(expect.objectContaining({ code: 'row-differs', table: 'refusals' }));
  });
});

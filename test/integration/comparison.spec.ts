/**
 * The clerk holds refusals against entries: whatever the owner of the database takes away or exchanges, nobody is answered
 * from the next turn on until it is back; and honest traffic never raises a doubt.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import { parseIin, type Iin } from '#libs/subject/iin.js';
import { ComparisonService } from '../../apps/clerk/comparison/comparison.service.js';
import type { DoubtKind } from '../../apps/clerk/comparison/comparison.store.js';
import { appRoles } from '../../apps/sandbox/postgres/provision.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { lenderHere, type Lender } from '../support/contenders.js';
import { pastGuards, testDatabase, type TestDatabase } from '../support/database.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';
import { refusalWriters, type Doing, type RefusalWriters } from '../support/refusal-writers.js';

const lookup = newLookupKeys();
let database: TestDatabase;
let writers: RefusalWriters;
let lender: Lender;
let worker: DataSource;
let comparison: ComparisonService;
let now = 0;
let told: string[] = [];
const people = Array.from({ length: 40 }, (_, number): Iin => parseIin(iinOfPerson(number)));
const [anna = '' as Iin, bota = '' as Iin, lifted = '' as Iin, stranger = '' as Iin] = people;

const newComparison = (atMost?: { entries: number; rows: number }): ComparisonService =>
  new ComparisonService({
    tx: worker.manager,
    clock: () => now,
    ...(atMost && { atMost }),
    onDoubt: (kind) => told.push(kind),
    onSettled: (kind) => told.push(`no ${kind}`),
  });
const turn = (of = comparison): Promise<void> => of.turn(new AbortController().signal);
const check = (iin: string): Promise<unknown> =>
  lender.check(randomUUID(), iin).then(
    (answer) => ('verdict' in answer ? answer.verdict : answer),
    (error: { code?: unknown }) => error.code,
  );
const doubts = async (): Promise<readonly DoubtKind[]> => {
  const { rows } = await database.superuser.query<{ kind: DoubtKind }>(
    'SELECT kind FROM doubts ORDER BY kind',
  );
  return rows.map(({ kind }) => kind);
};

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, lookup);
  writers = await refusalWriters(database, lookup);
  lender = await lenderHere({ target: database.target('tyiym_lender'), lookup });
  worker = await openDatabase(database.target('tyiym_clerk_worker'), { poolSize: 2 });
  for (const iin of people.filter((each) => each !== stranger))
    await writers.act(iin, { do: 'place', lockHours: 0 });
  for (const act of ['lift', 'carry out'] as const) await writers.act(lifted, { do: act });
  await check(anna);
  await check(stranger);
  comparison = newComparison();
  await turn();
}, 60_000);
afterEach(() => {
  told = [];
});
afterAll(async () => {
  await writers.close();
  await lender.close();
  await worker.destroy();
  await database.drop();
});

const hers = `subject = (SELECT subject FROM entries WHERE index = 0)`;
const hisRow = `subject = (SELECT subject FROM entries WHERE kind = 'refusal.lifted')`;
const blank = 'UPDATE entries SET entry = NULL, seed = NULL, subject = NULL WHERE';

/** What the owner does, and what the clerk says of it. */
const tamperings: readonly (readonly [what: string, sql: readonly string[], DoubtKind])[] = [
  ['a refusal, gone', [`DELETE FROM refusals WHERE ${hers}`], 'refusals-differ'],
  ['a refusal, lifted', [`UPDATE refusals SET state = 'none' WHERE ${hers}`], 'refusals-differ'],
  ['a version', [`UPDATE refusals SET version = 3 WHERE ${hers}`], 'refusals-differ'],
  [
    'a refusal exchanged for one nobody placed',
    [`UPDATE refusals SET subject = sha256('x') WHERE ${hers}`],
    'refusals-differ',
  ],
  [
    'a refusal exchanged for one that was lifted',
    [
      `UPDATE refusals SET state = 'none' WHERE ${hers}`,
      `UPDATE refusals SET state = 'in-force', version = 1 WHERE ${hisRow}`,
    ],
    'refusals-differ',
  ],
  [
    'a refusal nobody placed',
    [
      `INSERT INTO refusals SELECT sha256('x'), 1, 'in-force', 1, 0, now(), NULL, NULL, NULL, NULL, NULL, NULL, sha256('y'), 3`,
    ],
    'refusals-differ',
  ],
  ['the entries of a refusal', [`${blank} ${hers}`], 'entries-blanked'],
  [
    'the entries of a refusal, and its row',
    [`WITH gone AS (DELETE FROM refusals WHERE ${hers}) ${blank} ${hers}`],
    'entries-blanked',
  ],
  [
    'a check',
    [`${blank} index = (SELECT max(index) FROM entries WHERE kind = 'check.made')`],
    'entries-blanked',
  ],
  ['the text of a check', [`UPDATE entries SET entry = NULL WHERE kind = 'check.made'`], 'entries-blanked'],
  ['the seed of a lift', [`UPDATE entries SET seed = NULL WHERE kind = 'refusal.lifted'`], 'entries-blanked'],
  ['the person of a placing', [`UPDATE entries SET subject = NULL WHERE index = 0`], 'entries-blanked'],
];

describe('once the owner took away or exchanged', () => {
  it.each(tamperings)('%s', async (_what, sql, kind) => {
    const { superuser } = database;
    expect([await check(anna), await check(stranger)]).toEqual(['refused', 'clear']);
    await superuser.query(
      'CREATE TABLE kept_refusals AS TABLE refusals; CREATE TABLE kept_entries AS TABLE entries',
    );
    for (const each of sql) await pastGuards(superuser, each);
    await turn();
    expect(await doubts()).toContain(kind);
    expect(told).toContain(kind);
    // Nobody is answered: no check, no act, and no look at a refusal.
    expect([await check(anna), await check(stranger)]).toEqual([
      'registry-unavailable',
      'registry-unavailable',
    ]);
    await expect(writers.act(bota, { do: 'lift' })).rejects.toMatchObject({ code: 'registry-unavailable' });
    await expect(refusalOf(worker.manager, lookup, stranger)).rejects.toMatchObject({
      code: 'registry-unavailable',
    });
    // It stays until the rows are back, also for a clerk who is started anew.
    await turn();
    await turn(newComparison());
    expect(await doubts()).toContain(kind);
    for (const back of [
      'DELETE FROM refusals',
      'INSERT INTO refusals TABLE kept_refusals',
      'UPDATE entries e SET entry = k.entry, seed = k.seed, subject = k.subject FROM kept_entries k WHERE k.index = e.index',
    ])
      await pastGuards(superuser, back);
    await superuser.query('DROP TABLE kept_refusals, kept_entries');
    await turn();
    expect(await doubts()).toEqual([]);
    expect(told).toContain(`no ${kind}`);
    expect([await check(anna), await check(stranger)]).toEqual(['refused', 'clear']);
  });

  it('a person from his entries and his row alike: the clerk remembers what the entries said', async () => {
    const { superuser } = database;
    const exchange = (from: string, to: string): readonly string[] => [
      `UPDATE entries SET subject = ${to} WHERE subject = ${from}`,
      `UPDATE refusals SET subject = ${to} WHERE subject = ${from}`,
    ];
    const { rows } = await superuser.query<{ her: string }>(
      `SELECT subject::text AS her FROM refusals WHERE ${hers}`,
    );
    const her = `'${rows[0]?.her ?? ''}'::bytea`;
    for (const each of exchange(her, `sha256('x')`)) await pastGuards(superuser, each);
    await turn();
    expect(await doubts()).toEqual(['refusals-differ']);
    now += 7 * 3_600_000;
    await turn();
    expect(await doubts()).toEqual(['entries-differ', 'refusals-differ']);
    // With the worker's password the doubt can be taken away for a turn, and no longer: the worker that knows says it again.
    await worker.query('DELETE FROM doubts');
    await turn();
    expect(await doubts()).toEqual(['entries-differ', 'refusals-differ']);
    for (const each of exchange(`sha256('x')`, her)) await pastGuards(superuser, each);
    await turn();
    expect(await doubts()).toEqual([]);
  });
});

describe('a doubt', () => {
  it('is written and settled by the clerk’s worker alone', async () => {
    for (const role of appRoles) {
      const source = await openDatabase(database.target(role), { poolSize: 1 });
      const tried = async (sql: string): Promise<string> =>
        source.query(sql).then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
      const isWorker = role === 'tyiym_clerk_worker';
      const outcomes = [
        await tried(`INSERT INTO doubts (kind, what) VALUES ('entries-differ', 'x')`),
        await tried(`UPDATE doubts SET kind = 'entries-blanked'`),
        await tried('DELETE FROM doubts'),
      ];
      await source.destroy();
      expect([role, ...outcomes]).toEqual([
        role,
        isWorker ? 'done' : '42501',
        '42501',
        isWorker ? 'done' : '42501',
      ]);
    }
  });

  it('that nothing bears out is gone after one turn, however little a turn does otherwise', async () => {
    const slow = newComparison({ entries: 7, rows: 5 });
    for (let each = 0; each < 60; each += 1) await turn(slow);
    await worker.query(
      `INSERT INTO doubts (kind, what) VALUES ('entries-blanked', ''), ('entries-differ', ''), ('refusals-differ', '')`,
    );
    expect(await check(stranger)).toBe('registry-unavailable');
    await turn(slow);
    expect([await doubts(), await check(stranger)]).toEqual([[], 'clear']);
  });

  it('stops lifts and returns as well, and what fell due meanwhile is done once it is settled', async () => {
    const act = (doing: Doing) => writers.act(bota, doing);
    await act({ do: 'lift', placeAgainAfterHours: 24 });
    await act({ do: 'carry out' });
    await database.superuser.query('SELECT advance_clock(24)');
    const refused = (state: string) =>
      pastGuards(database.superuser, `UPDATE refusals SET state = '${state}' WHERE ${hers}`);
    await refused('none');
    await turn();
    await expect(act({ do: 'return' })).rejects.toMatchObject({ code: 'registry-unavailable' });
    await refused('in-force');
    await turn();
    expect(await act({ do: 'return' })).toMatchObject({ state: 'in-force', version: 3 });
  });

  it('is never raised by honest traffic, compared a little at a time', async () => {
    const slow = newComparison({ entries: 7, rows: 5 });
    const acts = ['place', 'lift', 'carry out', 'cancel', 'revoked', 'return'] as const;
    let seed = 1;
    const draw = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 60; round += 1) {
      const some = Array.from({ length: 6 }, () => {
        const [iin, kind] = [people[draw(people.length)] ?? anna, acts[draw(acts.length)] ?? 'place'];
        const act = kind === 'place' ? { do: kind, lockHours: 0 } : { do: kind };
        return writers.act(iin, act).catch((error: { code?: unknown }) => {
          expect(error.code).not.toBe('registry-unavailable');
        });
      });
      now += 3_600_000;
      await Promise.all([...some, turn(slow), turn()]);
    }
    for (let each = 0; each < 60; each += 1) await turn(slow);
    expect([told, await doubts()]).toEqual([[], []]);
  }, 60_000);
});

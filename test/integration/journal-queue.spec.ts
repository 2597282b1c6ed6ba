/**
 * What waits for the writer: how many attempts it is worth, in which order it is answered, and what one act among many
 * does to the others. What happens to the writer when something breaks under it is the table of `faults.spec.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { utcDay } from '#libs/journal/idempotency.store.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { journalHead, readReceipt } from '#libs/journal/journal.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { auditAfterEach } from '../support/auditor.js';
import { breakingProxy, type BreakingProxy } from '../support/breaking-proxy.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newJournal, newLookupKeys, openRegistry } from '../support/journals.js';
import { once, onceTables, placeOf } from '../support/once-act.js';

const tables = onceTables;
type TestAct<A> = Act<typeof tables, object, A>;
type Writer = Journal<typeof tables, object>;

const keys = newLookupKeys();
let database: TestDatabase;
let line: BreakingProxy;
let whole: DataSource;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  line = await breakingProxy(database.target('tyiym_lender'));
  whole = await openDatabase(database.target('tyiym_lender'), { poolSize: 3 });
});
// No keys are published here and its parties are none, so there are only the tree and the hunt.
auditAfterEach(() => ({ database }));
afterAll(async () => {
  await whole.destroy();
  await line.close();
  await database.drop();
});

const submitOnce = async (journal: Writer, key: string): Promise<number> =>
  placeOf(await journal.submit(once(key)));
const newKeys = (count: number): string[] => Array.from({ length: count }, () => randomUUID());
const submitAll = (journal: Writer, some: readonly string[]) =>
  Promise.allSettled(some.map((key) => submitOnce(journal, key)));
const indexOf = (outcome: PromiseSettledResult<number> | undefined): number | undefined =>
  outcome?.status === 'fulfilled' ? outcome.value : undefined;

/** Every key has its one entry, whatever became of the first answer; what was answered stays so. */
async function expectConsistent(
  some: readonly string[],
  first: readonly PromiseSettledResult<number>[],
): Promise<void> {
  for (const outcome of first)
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'registry-unavailable', retryAfterS: 1 });
  const later = (await submitAll(newJournal(whole, 'lender', keys, tables), some)).map(indexOf);
  expect(new Set(later).size).toBe(some.length);
  first.forEach((outcome, place) => {
    if (outcome.status === 'fulfilled') expect(later[place]).toBe(outcome.value);
  });
  for (const index of later) expect((await readReceipt(whole.manager, index ?? -1))?.index).toBe(index);
  const { rows } = await database.superuser.query<{ keys: number; entries: number; size: number }>(
    `SELECT (SELECT count(*)::int FROM idempotency_keys) AS keys, (SELECT count(*)::int FROM entries) AS entries,
       (SELECT size::int FROM journal_head) AS size`,
  );
  expect(rows[0]).toEqual({ keys: rows[0]?.size, entries: rows[0]?.size, size: rows[0]?.size });
}

describe('a database that cannot be reached', () => {
  it('is a 503 for everybody who waits, after one attempt to connect; when it is back all goes on', async () => {
    const alone = await openDatabase(line.target, { poolSize: 1 });
    const journal = newJournal(alone, 'lender', keys, tables, { maxBatch: 2 });
    const some = newKeys(9);
    line.swallow(true);
    // The one idle connection is gone, too.
    await alone.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
    const startedAt = performance.now();
    const first = await submitAll(journal, some);
    // An attempt takes two seconds, and one for each of the five batches would take ten.
    expect(performance.now() - startedAt).toBeLessThan(8000);
    expect(first.map(({ status }) => status)).toEqual(some.map(() => 'rejected'));
    line.swallow(false);
    expect((await submitAll(journal, some)).map(({ status }) => status)).toEqual(some.map(() => 'fulfilled'));
    await expectConsistent(some, first);
    await alone.destroy();
  });
});

describe('a fault of the database', () => {
  const lender = async (sql: string): Promise<void> => void (await database.superuser.query(sql));
  const today = `(SELECT to_char(registry_now() AT TIME ZONE 'UTC', 'YYYYMMDD'))`;
  const onPartition = (verb: string, bounds = ''): string =>
    `DO $$ DECLARE day text := ${today}; BEGIN EXECUTE format('ALTER TABLE idempotency_keys ${verb} PARTITION
       idempotency_keys_%s ${bounds}', day, day::date, day::date + 1); END $$`;

  it('is tried once, not once an act, when no act is to blame', async () => {
    const failures: unknown[] = [];
    const journal = newJournal(whole, 'lender', keys, tables, {
      onFailure: (_, error) => failures.push(error),
    });
    await lender(onPartition('DETACH'));
    try {
      const outcomes = await submitAll(journal, newKeys(64));
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(64);
    } finally {
      await lender(onPartition('ATTACH', `FOR VALUES FROM (%L) TO (%L)`));
    }
    expect(failures).toHaveLength(1);
  });

  it('waits for a holder that gives up after more than a second, and is answered', async () => {
    const journal = newJournal(whole, 'lender', keys, tables);
    await lender('BEGIN; SELECT 1 FROM journal_head FOR UPDATE');
    const answer = journal.submit(once(randomUUID()));
    await lender('SELECT pg_sleep(1.4)');
    await lender('ROLLBACK');
    await expect(answer).resolves.toMatchObject({ index: expect.any(Number) });
  });
});

describe('the queue', () => {
  it('takes up what comes in the very turn in which it ran empty', async () => {
    const journal = newJournal(whole, 'lender', keys, tables);
    for (let turns = 0; turns < 24; turns += 1) {
      await journal.submit(once(randomUUID()));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      const last = journal.submit(once(randomUUID()));
      const late = wait(2000, `never taken up after ${turns} turns`, { ref: false });
      expect(await Promise.race([last, late])).toMatchObject({ index: expect.any(Number) });
    }
  });

  it('that is full says so at once, and what it took is answered', async () => {
    const journal = newJournal(whole, 'lender', keys, tables, { maxQueue: { single: 4, bulk: 0 } });
    const some = newKeys(10);
    const order: string[] = [];
    const running = some.map((key, place) =>
      submitOnce(journal, key).finally(() => order.push(place < 4 ? 'taken' : 'refused')),
    );
    const first = await Promise.allSettled(running);
    expect(order).toEqual([...some.slice(4).map(() => 'refused'), ...some.slice(0, 4).map(() => 'taken')]);
    expect(first[9]).toMatchObject({ reason: { code: 'registry-unavailable', retryAfterS: 1 } });
    await expectConsistent(some, first);
  });

  it('is emptied before a stop is done', async () => {
    const journal = newJournal(whole, 'lender', keys, tables, { maxBatch: 4, minIntervalMs: 10 });
    const some = newKeys(30);
    const running = submitAll(journal, some);
    await journal.stop();
    const first = await running;
    expect(first.map(({ status }) => status)).toEqual(some.map(() => 'fulfilled'));
    await expect(journal.submit(once(randomUUID()))).rejects.toMatchObject({ code: 'registry-unavailable' });
    await expectConsistent(some, first);
  });

  it('commits many acts at once in parts, each with a head that goes on where the one before ended', async () => {
    const journal = newJournal(whole, 'lender', keys, tables, { maxBatch: 512 });
    const some = newKeys(150);
    // The last ones ask for what an earlier part of the same commit writes.
    const asked = [...some, ...some.slice(0, 3)];
    const { size } = await journalHead(whole.manager);
    const outcomes = (await submitAll(journal, asked)).map(indexOf);
    expect(outcomes).toEqual(asked.map((_, place) => size + (place % 150)));
    const { rows } = await database.superuser.query<{ commits: number; parts: number[]; from: number }>(
      `SELECT count(DISTINCT xmin::text)::int AS commits, array_agg((size - from_size)::int ORDER BY size) AS parts,
         min(from_size)::int AS from
       FROM heads WHERE from_size >= $1`,
      [size],
    );
    expect(rows).toEqual([{ commits: 1, parts: [64, 64, 22], from: size }]);
    await expectConsistent(
      some,
      some.map((_, place) => ({ status: 'fulfilled', value: size + place })),
    );
  });

  it.each(['before it is sent', 'before its answer'] as const)(
    'has everything of a commit once whose line hangs up at its second part, %s',
    async (when) => {
      const alone = await openDatabase(line.target, { poolSize: 2 });
      const journal = newJournal(alone, 'lender', keys, tables, { maxBatch: 512 });
      const some = newKeys(150);
      const mark = `mark-${randomUUID()}`;
      const isBroken = line.breakAt({ statement: mark, when, how: 'hangs up' });
      const first = await Promise.allSettled(
        some.map(async (key, place) =>
          placeOf(await journal.submit(once(key, place === 100 ? { mark } : {}))),
        ),
      );
      await isBroken;
      expect(first.map(({ status }) => status)).toEqual(some.map(() => 'fulfilled'));
      await expectConsistent(some, first);
      await alone.destroy();
    },
  );

  it('gives everybody his own receipt when an act among them names a table that nobody writes', async () => {
    const readable = { ...tables, heads: { name: 'heads', keyOf: () => 'x' } };
    const journal = newJournal(whole, 'lender', keys, readable as never) as Writer;
    const poison: TestAct<number> = {
      look: {},
      decide: () => ({
        entries: [{ kind: 'notice.delivered', body: {} }],
        rows: () => ({ heads: [{}] }) as never,
        answer: () => -1,
      }),
    };
    const some = newKeys(2);
    const before = (await journalHead(whole.manager)).size;
    const [first, refused, last] = await Promise.allSettled([
      submitOnce(journal, some[0] ?? ''),
      journal.submit(poison),
      submitOnce(journal, some[1] ?? ''),
    ]);
    expect([first, last].map(indexOf)).toEqual([before, before + 1]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { message: 'nobody writes heads' } });
    await expectConsistent(some, [first, last]);
  });

  it('finds one act of five hundred that the database refuses without running each alone', async () => {
    let looks = 0;
    const { look } = onceTables.idempotency;
    if (look === undefined) throw new Error('keys are looked up');
    const params: typeof look.params = (wants, at) => {
      looks += 1;
      return look.params(wants, at);
    };
    const counted = { idempotency: { ...onceTables.idempotency, look: { ...look, params } } };
    const journal = newJournal(whole, 'lender', keys, counted, { maxBatch: 512 });
    const bad: TestAct<number> = {
      look: {},
      decide: (seen) => ({
        entries: [{ kind: 'notice.delivered', body: {} }],
        rows: () => ({
          idempotency: [
            {
              app: 'citizen',
              party: 'p',
              route: 'r',
              key: 'k',
              day: utcDay(seen.at),
              bodyHmac: Buffer.alloc(32),
            },
          ],
        }),
        answer: () => -1,
      }),
    };
    const some = newKeys(300);
    const submit = (key: string): Promise<number> => submitOnce(journal, key);
    const running = [...some.slice(0, 150).map(submit), journal.submit(bad), ...some.slice(150).map(submit)];
    const outcomes = await Promise.allSettled(running);
    expect(outcomes.flatMap(({ status }, place) => (status === 'rejected' ? [place] : []))).toEqual([150]);
    expect(looks).toBeLessThan(40);
    await expectConsistent(
      some,
      outcomes.filter((_, place) => place !== 150),
    );
  });
});

/** The writer against real PostgreSQL: order, batches, keys, clocks, poison and lost connections. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { utcDay } from '#libs/journal/idempotency.store.js';
import { journalHead, readReceipt } from '#libs/journal/journal.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { Problem } from '#libs/problem/problem.js';
import { batchProofs } from '#libs/tlog/proof.js';
import { appendLeaves, emptyFrontier, rootOf } from '#libs/tlog/tree.js';
import { auditAfterEach } from '../support/auditor.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newJournal, newLookupKeys, openRegistry } from '../support/journals.js';
import { once, onceTables } from '../support/once-act.js';

const tables = onceTables;
type TestAct<A> = Act<typeof tables, object, A>;

const keys = newLookupKeys();
let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  dataSource = await openDatabase(database.target('tyiym_lender'));
});
// No keys are published here and its parties are none, so there are only the tree and the hunt.
auditAfterEach(() => ({ database }));
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function head() {
  return journalHead(dataSource.manager);
}

describe('the writer', () => {
  it('gives every act its entry and keeps the tree, whatever comes at once', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const receipts = await Promise.all(Array.from({ length: 300 }, () => journal.submit(once(randomUUID()))));
    const indexes = receipts.map((receipt) => (typeof receipt === 'number' ? -1 : receipt.index));
    expect(indexes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    const rows: { leaf_hash: Buffer }[] = await dataSource.query(
      'SELECT leaf_hash FROM entries ORDER BY index',
    );
    const leaves = rows.map(({ leaf_hash }) => leaf_hash);
    expect((await head()).root).toEqual(rootOf(appendLeaves(emptyFrontier, leaves)));
    expect(batchProofs(emptyFrontier, leaves)).toHaveLength(300);
  });

  it('gives one key one entry, in one batch, in two processes at once, and later', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const other = await openDatabase(database.target('tyiym_lender'), { poolSize: 2 });
    const twin = newJournal(other, 'lender', keys, tables);
    const key = randomUUID();
    const before = (await head()).size;
    const answers = await Promise.all([journal, journal, twin, twin].map((each) => each.submit(once(key))));
    const later = await twin.submit(once(key));
    expect((await head()).size).toBe(before + 1);
    expect(answers.filter((answer) => typeof answer !== 'number')).toHaveLength(1);
    expect(later).toBe(before);
    await other.destroy();
  });

  it('finds the receipt of an old entry under the head of its own commit', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const given = await Promise.all(Array.from({ length: 7 }, () => journal.submit(once(randomUUID()))));
    for (const receipt of given)
      if (typeof receipt !== 'number')
        expect(await readReceipt(dataSource.manager, receipt.index)).toEqual(receipt);
    expect(await readReceipt(dataSource.manager, 1_000_000)).toBeUndefined();
  });

  it('answers a Problem of one act to that act alone', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const refused: TestAct<never> = {
      look: {},
      decide: () => {
        throw new Problem('no-refusal-in-force');
      },
    };
    const [good, bad] = await Promise.allSettled([
      journal.submit(once(randomUUID())),
      journal.submit(refused),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'no-refusal-in-force' } });
  });

  it('lets an act that the database refuses spoil only itself', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const poison: TestAct<unknown> = {
      look: {},
      // The policy of the table refuses a key of another app.
      decide: (seen) => ({
        entries: [{ kind: 'notice.delivered', body: {} }],
        rows: () => ({
          idempotency: [
            {
              app: 'citizen',
              party: 'p',
              route: 'r',
              key: randomUUID(),
              day: utcDay(seen.at),
              bodyHmac: Buffer.alloc(32),
            },
          ],
        }),
        answer: () => undefined,
      }),
    };
    const before = (await head()).size;
    const all = [
      journal.submit(once(randomUUID())),
      journal.submit(poison),
      journal.submit(once(randomUUID())),
    ];
    const [first, second, third] = await Promise.allSettled(all);
    expect([first?.status, second?.status, third?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(second).toMatchObject({ reason: { cause: { message: expect.stringContaining('row-level') } } });
    expect((await head()).size).toBe(before + 2);
  });

  it('refuses to take a row that was not looked up for one that is not there', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const careless: TestAct<unknown> = {
      look: {},
      decide: (seen) => {
        seen.find('idempotency', 'anything');
        return { entries: [], answer: () => 'clear' };
      },
    };
    await expect(journal.submit(careless)).rejects.toThrow('not looked up');
  });

  it('refuses a kind that its process may not append', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const lifting: TestAct<unknown> = {
      look: {},
      decide: () => ({ entries: [{ kind: 'refusal.lifted', body: {} }], answer: () => 'lifted' }),
    };
    await expect(journal.submit(lifting)).rejects.toThrow('does not append');
  });

  it.each([
    ['with another lookup key', { keyChecks: { '1': 'another' } }],
    ['with a lookup key of another epoch', { keyChecks: {} }],
    ['for another log', { origin: 'sandbox.tyiym.kz/journal/2' }],
    ['when its sentinel is not found', { sentinels: [{ epoch: 1, bytes: Buffer.alloc(32) }] }],
    ['with a clock an hour ahead', { clock: () => Date.now() + 3_600_000 }],
  ])('gives no answer %s', async (_, changes) => {
    const journal = newJournal(dataSource, 'lender', keys, tables, changes);
    const before = (await head()).size;
    await expect(journal.submit(once(randomUUID()))).rejects.toMatchObject({ code: 'registry-unavailable' });
    expect((await head()).size).toBe(before);
    if (!('clock' in changes)) expect((await journal.readiness()).ok).toBe(false);
  });

  it('stays at the last commit with a clock slightly behind, so that time never runs back', async () => {
    const ahead = newJournal(dataSource, 'lender', keys, tables, { clock: () => Date.now() + 500 });
    const behind = newJournal(dataSource, 'lender', keys, tables, { clock: () => Date.now() - 400 });
    await ahead.submit(once(randomUUID()));
    const { lastAt } = await head();
    await behind.submit(once(randomUUID()));
    expect((await head()).lastAt).toBe(lastAt);
  });

  it('answers 503 while its connections are being killed, loses nothing it answered, and recovers by itself', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    const started = Array.from({ length: 200 }, () => randomUUID());
    const running = started.map(async (key, place) => {
      if (place % 20 === 0)
        await database.superuser.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = 'tyiym_lender'`,
          [database.name],
        );
      return [key, await journal.submit(once(key))] as const;
    });
    const settled = await Promise.allSettled(running);
    for (const outcome of settled)
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'registry-unavailable' });
    const again = await Promise.all(
      started.map(async (key) => [key, await journal.submit(once(key))] as const),
    );
    const found = new Map(again);
    for (const outcome of settled) {
      if (outcome.status === 'rejected') continue;
      const [key, answer] = outcome.value;
      expect(found.get(key)).toBe(typeof answer === 'number' ? answer : answer.index);
    }
    const counted: { keys: number; entries: number }[] = await database.owner
      .query(
        `SELECT (SELECT count(*)::int FROM idempotency_keys) AS keys, (SELECT count(*)::int FROM entries) AS entries`,
      )
      .then(({ rows }) => rows as { keys: number; entries: number }[]);
    expect(counted[0]?.keys).toBe(counted[0]?.entries);
  });

  it('takes nothing more once it is stopped', async () => {
    const journal = newJournal(dataSource, 'lender', keys, tables);
    await journal.stop();
    await expect(journal.submit(once(randomUUID()))).rejects.toMatchObject({ code: 'registry-unavailable' });
  });
});

/** Where a batch meets the edge of a partition, and what is said and done when there is none behind it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { checksTable } from '#libs/check/checks.store.js';
import { newUuid } from '#libs/journal/id.js';
import { idempotencyName, idempotencyTable, utcDay } from '#libs/journal/idempotency.store.js';
import { journalHead, readReceipt } from '#libs/journal/journal.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { verifyInclusion } from '#libs/tlog/proof.js';
import { rootOf } from '#libs/tlog/tree.js';
import { dropOldKeys, keepPartitions } from '../../apps/clerk/upkeep/upkeep.store.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { newJournal, newLookupKeys, openRegistry } from '../support/journals.js';

const tables = { idempotency: idempotencyTable, checks: checksTable };
const keys = newLookupKeys();
const dayMs = 86_400_000;
let database: TestDatabase;
let lender: DataSource;
let clerk: DataSource;

// Not audited: the Journal is moved to places that it would take years to reach, so its first leaves are not there.
beforeEach(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  lender = await openDatabase(database.target('tyiym_lender'), { poolSize: 2 });
  clerk = await openDatabase(database.target('tyiym_clerk_worker'), { poolSize: 2 });
});
afterEach(async () => {
  await lender.destroy();
  await clerk.destroy();
  await database.drop();
});

/** One entry with a check and a key of its day; the same key again gives the same index. */
function once(key: string): Act<typeof tables, object, number> {
  const want = { app: 'lender', party: 'bank-alpha', route: 'POST /test', key };
  return {
    look: { idempotency: [want] },
    decide: (seen) => {
      const earlier = seen.find('idempotency', idempotencyName(want))?.entryIndex;
      if (earlier !== undefined) return { entries: [], answer: () => earlier };
      return {
        entries: [{ kind: 'notice.delivered', body: { key } }],
        rows: (made) => ({
          idempotency: made.map(({ index }) => ({
            ...want,
            day: utcDay(seen.at),
            bodyHmac: Buffer.alloc(32),
            entryIndex: index,
          })),
          checks: made.map(({ index }) => ({
            uuid: newUuid(seen.at),
            lender: 'bank-alpha',
            entryIndex: index,
            subject: { epoch: 1, bytes: randomBytes(32) },
            product: 'bank-loan' as const,
            stage: 'decision' as const,
            loanRef: 'L-1',
            verdict: 'refused' as const,
            version: 0,
            at: seen.at,
          })),
        }),
        answer: (_receipts, [made]) => made?.index ?? -1,
      };
    },
  };
}

/** As if so many entries had been appended: with the hashes such a tree could have. */
async function moveTo(size: number): Promise<void> {
  const subtrees = [...size.toString(2)].filter((bit) => bit === '1');
  const hashes = subtrees.map(() => randomBytes(32));
  const frontier = Buffer.concat(hashes);
  const root = rootOf({ size, hashes });
  const { superuser } = database;
  await superuser.query('SET session_replication_role = replica');
  await superuser.query(
    `INSERT INTO heads (size, from_size, at, root, frontier, kid, jws) VALUES ($1, 0, now(), $2, $3, 'k', 'j')`,
    [size, root, frontier],
  );
  await superuser.query('UPDATE journal_head SET size = $1, root = $2, frontier = $3', [
    size,
    root,
    frontier,
  ]);
  await superuser.query('SET session_replication_role = DEFAULT');
}

const submitAll = async (count: number) => {
  const journal = newJournal(lender, 'lender', keys, tables);
  return Promise.allSettled(Array.from({ length: count }, () => journal.submit(once(randomUUID()))));
};
const readiness = () => newJournal(lender, 'lender', keys, tables).readiness();

describe('the partitions of the entries', () => {
  it('are crossed in the middle of a batch, and each entry is proven', async () => {
    await moveTo(999_997);
    const outcomes = await submitAll(6);
    expect(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason)),
    ).toEqual([999_997, 999_998, 999_999, 1_000_000, 1_000_001, 1_000_002]);
    const { rows } = await database.superuser.query(
      'SELECT tableoid::regclass::text AS part, count(*)::int AS entries FROM entries GROUP BY 1 ORDER BY 1',
    );
    expect(rows).toEqual([
      { part: 'entries_000000', entries: 3 },
      { part: 'entries_000001', entries: 3 },
    ]);
    const { root, size } = await journalHead(lender.manager);
    const { rows: leaves } = await database.superuser.query<{ index: number; leaf_hash: Buffer }>(
      'SELECT index::int, leaf_hash FROM entries',
    );
    for (const { index, leaf_hash } of leaves) {
      const receipt = await readReceipt(lender.manager, index);
      const bytes = Buffer.from(receipt?.proof ?? '', 'base64url');
      const proof = Array.from({ length: bytes.length / 32 }, (_, at) =>
        bytes.subarray(at * 32, at * 32 + 32),
      );
      expect(verifyInclusion(leaf_hash, index, size, proof, root)).toBe(true);
    }
  });

  it('that are used up are a 503 and said by readyz; the clerk makes the next', async () => {
    expect(await readiness()).toMatchObject({ ok: true, problems: [] });
    await moveTo(9_999_999);
    expect(await readiness()).toMatchObject({ ok: false, problems: ['partitions'] });
    for (const outcome of await submitAll(4))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'registry-unavailable' } });
    await clerk.transaction(keepPartitions);
    expect(await readiness()).toMatchObject({ ok: true, problems: [] });
    expect((await submitAll(4)).map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
  });
});

describe('the partitions of the days', () => {
  const advance = (ms: number) =>
    database.owner.query('UPDATE journal_head SET clock_offset_ms = clock_offset_ms + $1', [ms]);
  const registryNow = async () => (await journalHead(lender.manager)).registryNow;

  it('are changed at midnight of registry time, and a key keeps its answer across it', async () => {
    const journal = newJournal(lender, 'lender', keys, tables);
    const now = await registryNow();
    await advance((2 * dayMs - (now % dayMs) - 700) % dayMs);
    const [early, late] = [randomUUID(), randomUUID()];
    const today = utcDay(await registryNow());
    expect(await journal.submit(once(early))).toBe(0);
    await eventually('midnight', registryNow, (at) => utcDay(at) !== today);
    expect(await Promise.all([early, late, early].map((key) => journal.submit(once(key))))).toEqual([
      0, 1, 0,
    ]);
    const { rows } = await database.superuser.query(
      `SELECT right(k.tableoid::regclass::text, 8) AS key, right(c.tableoid::regclass::text, 8) AS "check"
       FROM idempotency_keys k JOIN checks c USING (entry_index) ORDER BY entry_index`,
    );
    const days = [today, utcDay(await registryNow())].map((day) => day.replaceAll('-', ''));
    expect(rows).toEqual(days.map((day) => ({ key: day, check: day })));
  });

  it('that ran out are a 503 and said by readyz; the clerk makes them and all goes on', async () => {
    await advance(20 * dayMs);
    expect(await readiness()).toMatchObject({ ok: false, problems: ['partitions'] });
    for (const outcome of await submitAll(2))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'registry-unavailable' } });
    await clerk.transaction(keepPartitions);
    expect(await readiness()).toMatchObject({ ok: true, daysOfPartitions: 14 });
    expect((await submitAll(2)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('with a hole today are a 503 that readyz says, however many there are behind it', async () => {
    const day = utcDay(await registryNow()).replaceAll('-', '');
    await database.owner.query(`DROP TABLE checks_${day}`);
    expect(await readiness()).toMatchObject({ ok: false, problems: ['partitions'] });
    await clerk.transaction(keepPartitions);
    expect(await readiness()).toMatchObject({ ok: true, problems: [] });
  });

  it('are made while a backup reads the old keys for hours; those are dropped when it is over', async () => {
    await database.owner.query(
      `SELECT make_partition('idempotency_keys', 'idempotency_keys_20200101', '2020-01-01', '2020-01-02')`,
    );
    await database.superuser.query('BEGIN; SELECT 1 FROM idempotency_keys LIMIT 1');
    await advance(2 * dayMs);
    await expect(clerk.transaction(dropOldKeys)).rejects.toMatchObject({ code: '55P03' });
    expect(await clerk.transaction(keepPartitions)).toBe(4);
    await database.superuser.query('COMMIT');
    expect(await clerk.transaction(dropOldKeys)).toBe(1);
  });
});

/**
 * What the writer's lock, compare and fence are for, each with the harm it keeps away: whoever takes one of them out of the
 * writer sees a line of this file fail.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Tables } from '#libs/journal/act.js';
import { decideBatch } from '#libs/journal/batch.js';
import type { JournalOptions } from '#libs/journal/config.js';
import type { Head } from '#libs/journal/head-row.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { journalHead } from '#libs/journal/journal.store.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { appendSql, appendValues, headAfter } from '#libs/journal/write-path.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { appendLeaves, frontierFromBytes, frontierToBytes } from '#libs/tlog/tree.js';
import { breakingProxy, type BreakingProxy } from '../support/breaking-proxy.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { newJournal, newLookupKeys, openRegistry, origin } from '../support/journals.js';

type Plain = Journal<Tables, object>;

const keys = newLookupKeys();
let database: TestDatabase;
let source: DataSource;
let line: BreakingProxy;
const failures: string[] = [];
const journals: Plain[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  line = await breakingProxy(database.target('tyiym_lender'));
  source = await openDatabase(line.target);
});
afterEach(async () => {
  await Promise.all(journals.splice(0).map((journal) => journal.stop()));
  failures.length = 0;
});
afterAll(async () => {
  await source.destroy();
  await line.close();
  await database.drop();
});

function writer(changes: Partial<JournalOptions<Tables, object>> = {}): Plain {
  const onFailure = (what: string): void => void failures.push(what);
  const journal = newJournal<Tables>(source, 'lender', keys, {}, { ...changes, onFailure });
  journals.push(journal);
  return journal;
}

/** One entry; `decided` counts how often it was decided. */
function counted(journal: Plain): { readonly answer: Promise<Receipt | undefined>; decided: number } {
  const seen = { decided: 0 };
  const answer = journal.submit({
    look: {},
    decide: () => {
      seen.decided += 1;
      return {
        entries: [{ kind: 'notice.delivered', body: { number: seen.decided } }],
        answer: (receipts) => receipts()[0],
      };
    },
  });
  return Object.assign(seen, { answer });
}

async function sizeNow(): Promise<number> {
  const { rows } = await database.owner.query<{ size: number }>('SELECT count(*)::int AS size FROM entries');
  return rows[0]?.size ?? -1;
}

const tamper = (sql: string): string =>
  `SET LOCAL session_replication_role = replica; UPDATE journal_head SET ${sql}; SET LOCAL session_replication_role = origin`;

/** How many of the lender's sessions wait for this. */
async function waitingFor(event: 'Lock' | 'PgSleep'): Promise<number> {
  const { rows } = await database.owner.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'tyiym_lender' AND $1 IN (wait_event_type, wait_event)`,
    [event],
  );
  return rows[0]?.waiting ?? 0;
}

/** Lets an append wait at the head row, does something there, and lets it go on. */
async function whileItWaits(sql: string, act: () => void): Promise<void> {
  await database.superuser.query('BEGIN; SELECT FROM journal_head FOR UPDATE');
  act();
  await eventually(
    'the append waits for the head',
    () => waitingFor('Lock'),
    (count) => count > 0,
    10_000,
  );
  await database.superuser.query(`${sql}; COMMIT`);
}

describe('a batch that waited for the lock', () => {
  it.each([
    ['what moved a verdict', 'UPDATE journal_head SET state_version = state_version + 1'],
    ['a new rule', tamper('rules_version = rules_version + 1')],
  ])('has seen %s meanwhile, because it looks behind the lock', async (_, change) => {
    const journal = writer();
    let act: ReturnType<typeof counted> | undefined;
    await whileItWaits(change, () => (act = counted(journal)));
    expect(await act?.answer).toMatchObject({ index: (await sizeNow()) - 1 });
    expect(act?.decided).toBe(1);
  });

  it.each([
    ['the log has another name', "origin = 'sandbox.tyiym.kz/journal/9'", `origin = '${origin}'`],
    ['a lookup key was added', `key_checks = key_checks || '{"2":"x"}'`, "key_checks = key_checks - '2'"],
  ])('appends nothing when meanwhile %s', async (_, change, back) => {
    const journal = writer();
    const before = await sizeNow();
    let act: ReturnType<typeof counted> | undefined;
    await whileItWaits(tamper(change), () => {
      act = counted(journal);
      act.answer.catch(() => undefined);
    });
    await expect(act?.answer).rejects.toMatchObject({ code: 'registry-unavailable' });
    expect(await sizeNow()).toBe(before);
    await database.superuser.query(`BEGIN; ${tamper(back)}; COMMIT`);
  });
});

describe('an append', () => {
  /** The append of one entry on this head. */
  async function append(head: Head, keyChecks: object): Promise<unknown> {
    const act = {
      look: {},
      decide: () => ({ entries: [{ kind: 'notice.delivered' as const, body: {} }], answer: () => undefined }),
    };
    const batch = decideBatch({}, [act], {
      ...{ app: 'lender', at: head.registryNow, rules: {}, found: new Map(), seed: () => randomBytes(32) },
      frontier: frontierFromBytes(head.size, head.frontier),
    });
    const signed = { kid: 'k', jws: 'j', keyChecks: JSON.stringify(keyChecks) };
    return source.query(appendSql({}), appendValues({}, head, headAfter(head, batch), batch, signed));
  }
  /** The head as it would be with three more entries, of which nobody has heard. */
  const grown = (head: Head): Partial<Head> => {
    const leaves = Array.from({ length: 3 }, () => randomBytes(32));
    const after = appendLeaves(frontierFromBytes(head.size, head.frontier), leaves);
    return { size: after.size, frontier: frontierToBytes(after) };
  };

  it.each<[string, (head: Head) => Partial<Head>]>([
    ['name', () => ({ origin: 'sandbox.tyiym.kz/journal/9' })],
    ['state version', (head) => ({ stateVersion: head.stateVersion - 1 })],
    ['rules version', (head) => ({ rulesVersion: head.rulesVersion - 1 })],
    ['size', (head) => grown(head)],
  ])('leaves nothing on a head of another %s, lock or no lock', async (_, changed) => {
    const before = await sizeNow();
    const head = await journalHead(source.manager);
    await expect(append({ ...head, ...changed(head) }, head.keyChecks)).rejects.toMatchObject({
      code: '40001',
    });
    expect(await sizeNow()).toBe(before);
  });

  it('leaves nothing when the lookup keys are others', async () => {
    const head = await journalHead(source.manager);
    await expect(append(head, { 9: 'x' })).rejects.toMatchObject({ code: '40001' });
  });

  it('is appended otherwise', async () => {
    const before = await sizeNow();
    const head = await journalHead(source.manager);
    await append(head, head.keyChecks);
    expect(await sizeNow()).toBe(before + 1);
  });
});

describe('a process that stood still between look and append', () => {
  it('looks again, because its instant is over, and then appends', async () => {
    const journal = writer();
    let decided = 0;
    const receipt = await journal.submit({
      look: {},
      decide: () => {
        decided += 1;
        if (decided === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
        return {
          entries: [{ kind: 'notice.delivered' as const, body: {} }],
          answer: (receipts: () => readonly Receipt[]) => receipts()[0],
        };
      },
    });
    expect(receipt).toMatchObject({ index: (await sizeNow()) - 1 });
    expect(decided).toBe(2);
  });
});

describe('the lock', () => {
  it('lets two processes append side by side, and nobody loses a race', async () => {
    const before = await sizeNow();
    const both = [writer({ maxBatch: 1 }), writer({ maxBatch: 1 })];
    await Promise.all(both.flatMap((journal) => Array.from({ length: 40 }, () => counted(journal).answer)));
    expect(await sizeNow()).toBe(before + 80);
    expect(failures).toEqual([]);
  });
});

describe('the fence', () => {
  /** Commits take a while, so that a connection can be gone before they are done. */
  const slow = `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON heads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`;

  it('waits for a commit whose connection is gone, so that it is not done once more', async () => {
    const journal = writer();
    await counted(journal).answer;
    const before = await sizeNow();
    await database.superuser.query(slow);
    const act = counted(journal);
    await eventually(
      'the server commits',
      () => waitingFor('PgSleep'),
      (count) => count > 0,
      10_000,
    );
    line.cut();
    await act.answer;
    await database.superuser.query('DROP FUNCTION slow() CASCADE');
    expect(await sizeNow()).toBe(before + 1);
    expect(act.decided).toBe(1);
  });
});

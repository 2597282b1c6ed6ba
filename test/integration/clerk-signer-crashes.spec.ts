/**
 * The signer killed at every durable step, before it happened and after: the next turn, of the same process or of a new
 * one, goes on through the same code, nothing is published twice differently, and what was shown stays as it was.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { DataSource, EntityManager } from 'typeorm';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { openDatabase } from '#libs/platform/database.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { makeVkey, parseVkey } from '#libs/tlog/note.js';
import { waitingMs } from '../../apps/clerk/signer/checkpoints.store.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newJournal, newLookupKeys, openRegistry, origin } from '../support/journals.js';
import { auditLog, filesIn, newFolder } from '../support/log-files.js';

const keys = newLookupKeys();
const key = { kid: 'log', key: generateKeyPairSync('ed25519').privateKey };
const vkey = parseVkey(makeVkey(origin, key.key));
const tables = { idempotency: idempotencyTable };

let database: TestDatabase;
let lender: DataSource;
let source: DataSource;
let journal: Journal<typeof tables, object>;
let folder: string;

beforeEach(async () => {
  folder = newFolder();
  database = await testDatabase();
  await openRegistry(database, keys);
  lender = await openDatabase(database.target('tyiym_lender'), { poolSize: 2 });
  source = await openDatabase(database.target('tyiym_clerk_signer'), { poolSize: 3 });
  journal = newJournal(lender, 'lender', keys, tables);
});
afterEach(async () => {
  await lender.destroy();
  await source.destroy();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** A durable step by what it is; each step of a turn is tried, once failing before it happened and once after. */
type Step = 'lease' | 'tiles' | 'partial tiles' | 'reserve' | 'cosignatures' | 'checkpoint' | 'published';
type When = 'before' | 'after';
const steps: readonly Step[] = [
  'lease',
  'tiles',
  'partial tiles',
  'reserve',
  'cosignatures',
  'checkpoint',
  'published',
];

class Killed extends Error {}

/** Does `act`, and dies before or after it when it is this step's turn. */
type Around = <T>(step: Step, act: () => Promise<T>) => Promise<T>;
const seen: Step[] = [];
const noFault: Around = (step, act) => {
  seen.push(step);
  return act();
};
function dieAt(step: Step, when: When): Around {
  let isDead = false;
  return async (each, act) => {
    if (isDead) return act();
    isDead = each === step;
    if (isDead && when === 'before') throw new Killed(step);
    const result = await act();
    if (isDead) throw new Killed(step);
    return result;
  };
}

function stepOf(sql: string): Step | undefined {
  if (sql.includes('INSERT INTO signer_lease')) return 'lease';
  if (sql.includes('INSERT INTO checkpoints')) return 'reserve';
  return sql.includes('UPDATE checkpoints') ? 'published' : undefined;
}

/** A signer whose database and disk fail where they are told to. */
function newSigner(around: Around, holder: string = randomUUID()): SignerService {
  const tx = Object.assign(Object.create(source.manager) as EntityManager, {
    query: (sql: string, params?: unknown[]) => {
      const step = stepOf(sql);
      const act = () => source.manager.query<unknown>(sql, params);
      return step === undefined ? act() : around(step, act);
    },
  });
  const files = new ImmutableFiles(folder);
  const write: ImmutableFiles['write'] = (some) => {
    if (some.length === 0) return files.write(some);
    const isPartial = some.every(({ path }) => path.includes('.p/'));
    return around(isPartial ? 'partial tiles' : 'tiles', () => files.write(some));
  };
  const replace: ImmutableFiles['replace'] = (path, bytes) =>
    around('checkpoint', () => files.replace(path, bytes));
  return new SignerService({
    ...{ tx, origin, key, holder, clock: () => 0 },
    files: Object.assign(Object.create(files) as ImmutableFiles, { write, replace }),
    witnesses: { gather: () => around('cosignatures', () => Promise.resolve([])) },
  });
}

async function append(count: number): Promise<void> {
  const act = (number: number) => ({
    look: {},
    decide: () => ({
      entries: [{ kind: 'notice.delivered' as const, body: { number } }],
      answer: () => undefined,
    }),
  });
  await Promise.all(Array.from({ length: count }, (_, number) => journal.submit(act(number))));
}

const endOfLease = () => database.superuser.query('UPDATE signer_lease SET until = now()');
const shown = () => new Map([...filesIn(folder)].filter(([path]) => !path.startsWith('.new')));
const sizes = async () =>
  (
    await database.superuser.query<{ size: string; published: boolean }>(
      'SELECT size, published_at IS NOT NULL AS published FROM checkpoints ORDER BY size',
    )
  ).rows.map(({ size, published }) => (published ? Number(size) : `${size} reserved`));

it('the table names every durable step of a turn, in its order', async () => {
  seen.length = 0;
  await append(257);
  await newSigner(noFault).publish();
  expect([...new Set(seen)]).toEqual(steps);
});

describe.each(steps)('killed at %s', (step) => {
  it.each<[When, string]>([
    // After one step is before the next, so these two show both kinds of process at every instant.
    ['before', 'the same process'],
    ['after', 'a new process'],
  ])('%s it happened, the next turn of %s goes on', async (when, who) => {
    await append(250);
    await newSigner(noFault, 'c0ffee00-0000-4000-8000-000000000001').publish();
    await endOfLease();
    const before = shown();
    await append(10);
    const killed = newSigner(dieAt(step, when));
    await expect(killed.publish()).rejects.toThrow(Killed);
    const between = shown();

    await append(1);
    if (who === 'a new process') await endOfLease();
    const next = who === 'a new process' ? newSigner(noFault) : killed;
    expect(await next.publish()).toBe(261);
    expect(await next.publish()).toBeUndefined();

    const isReserved = steps.indexOf(step) + (when === 'after' ? 1 : 0) > steps.indexOf('reserve');
    const isPublished = step === 'published' && when === 'after';
    const ten = isPublished ? [260] : isReserved ? ['260 reserved'] : [];
    expect(await sizes()).toEqual([250, ...ten, 261]);
    // What anybody may have read, before or between, is still there as it was.
    const after = shown();
    for (const [path, bytes] of [...before, ...between])
      if (path !== 'checkpoint') expect([path, after.get(path)?.equals(bytes)]).toEqual([path, true]);
    await auditLog(database, folder, vkey);
  });
});

it('a full disk stops no append; the lag rises, and the log catches up without gaps', async () => {
  await append(10);
  let isFull = true;
  const full: Around = (step, act) =>
    isFull && (step === 'tiles' || step === 'partial tiles')
      ? Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
      : act();
  const signer = newSigner(full);
  await expect(signer.publish()).rejects.toThrow('no space left');
  await append(600);
  await expect(signer.publish()).rejects.toThrow('no space left');
  expect(await waitingMs(source.manager)).toBeGreaterThan(0);
  expect(await sizes()).toEqual([]);
  isFull = false;
  expect(await signer.publish()).toBe(610);
  expect(await waitingMs(source.manager)).toBe(0);
  await auditLog(database, folder, vkey);
});

it('what a killed process left half written is swept away', async () => {
  await append(1);
  const files = new ImmutableFiles(folder);
  await files.replace('.new/half', Buffer.from('half'));
  await newSigner(noFault).publish();
  expect([...filesIn(folder).keys()].filter((path) => path.startsWith('.new'))).toEqual([]);
});

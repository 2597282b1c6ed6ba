/** A Journal over a test database for any process, with keys of its own; what specs of the writer start from. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Tables } from '#libs/journal/act.js';
import type { ProcessName } from '#libs/journal/entry.js';
import type { JournalOptions } from '#libs/journal/config.js';
import { Journal } from '#libs/journal/journal.service.js';
import { insertHead } from '#libs/journal/journal.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { insertSentinels } from '#libs/refusal/refusals.store.js';
import { lookupKeyChecks, sentinelsOf, type LookupKeys } from '#libs/subject/subject.js';
import type { TestDatabase } from './database.js';

export const origin = 'sandbox.tyiym.kz/journal/1';
export const iss = 'http://127.0.0.1:8084';

/** Lookup keys as `tool keygen` makes them: one epoch. */
export function newLookupKeys(): LookupKeys {
  return new Map([[1, randomBytes(32)]]);
}

/** The head row and the sentinels, as `tool migrate` leaves them. */
export async function openRegistry(database: TestDatabase, keys: LookupKeys): Promise<void> {
  const owner = await openDatabase({ ...database.target('tyiym_owner') }, { poolSize: 1 });
  try {
    await owner.transaction(async (tx) => {
      await insertHead(tx, { origin, keyChecks: lookupKeyChecks(keys) });
      await insertSentinels(tx, keys);
    });
  } finally {
    await owner.destroy();
  }
}

/** A writer over these tables, without rules unless `changes` load some. */
export function newJournal<T extends Tables, R extends object = object>(
  dataSource: DataSource,
  app: ProcessName,
  keys: LookupKeys,
  tables: T,
  changes: Partial<JournalOptions<T, R>> = {},
): Journal<T, R> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new Journal<T, R>({
    dataSource,
    app,
    origin,
    iss,
    headKey: { kid: 'test', key: privateKey },
    keyChecks: lookupKeyChecks(keys),
    sentinels: sentinelsOf(keys),
    tables,
    loadRules: () => Promise.resolve({} as R),
    clock: () => Date.now(),
    ...changes,
  });
}

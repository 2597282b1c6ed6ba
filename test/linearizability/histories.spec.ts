/** Concurrent histories of placing, lifting and checking have one order, that of the Journal, whatever breaks meanwhile. */
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { lenderTables } from '../../apps/lender/tables.store.js';
import {
  citizensHere,
  lenderHere,
  personOf,
  type Contender,
  type LenderOptions,
} from '../support/contenders.js';
import { testDatabase } from '../support/database.js';
import { historyFaults } from '../support/history.js';
import { journalLines } from '../support/journal-lines.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';
import { expectOneOrder } from '../support/one-order.js';
import { Recorder } from '../support/recorder.js';
import { validIins } from '../support/vectors.js';

expectOneOrder(2000);

describe('a lender that breaks the rules is caught', () => {
  const { refusals, idempotency } = lenderTables;

  it.each<[string, (whole: DataSource) => Partial<LenderOptions>, string | undefined]>([
    ['nothing', () => ({}), undefined],
    [
      'looking at what was so an hour ago',
      () => ({ tables: { ...lenderTables, refusals: { ...refusals, look: asOfAnHourAgo(refusals.look) } } }),
      'says clear, but before it: in-force, version 1',
    ],
    [
      'forgetting the keys it answered',
      () => ({ tables: { ...lenderTables, idempotency: { ...idempotency, insert: forgetful } } }),
      'has two entries',
    ],
    [
      'answering what never was durable',
      (whole) => ({ dataSource: neverCommitting(whole) }),
      'which says something else',
    ],
  ])('by %s', async (_, wrongly, words) => {
    const database = await testDatabase();
    const lookup = newLookupKeys();
    await openRegistry(database, lookup);
    const contender: Contender = { target: database.target('tyiym_lender'), lookup };
    const whole = await openDatabase(contender.target, { poolSize: 2 });
    const lenders = [await lenderHere(contender), await lenderHere(contender, wrongly(whole))] as const;
    const citizens = await citizensHere({ target: database.target('tyiym_citizen'), lookup });
    const recorder = new Recorder();
    for (const iin of validIins.slice(0, 3)) {
      const person = personOf(lookup, iin);
      const [key, placing] = [randomUUID(), randomUUID()];
      await recorder.call({ kind: 'place', key: placing, person }, () => citizens.place(placing, iin));
      // The wrong one first, and again after the right one has come between; both know the same keys.
      for (const one of [lenders[1], lenders[0], lenders[1]])
        await recorder.call({ kind: 'check', key, person }, () => one.check(key, iin));
    }
    const faults = [...recorder.surprises, ...historyFaults(recorder.calls, await journalLines(database))];
    if (words === undefined) expect(faults).toEqual([]);
    else expect(faults).toContainEqual(expect.stringContaining(words));
    await Promise.all([...lenders, citizens].map((each) => each.close()));
    await whole.destroy();
    await database.drop();
  });
});

type Look = NonNullable<LenderOptions['tables']['refusals']['look']>;

/** As if the statement had run before the placing that was answered a moment ago. */
function asOfAnHourAgo(look: Look | undefined): Look {
  if (look === undefined) throw new Error('a lender looks at refusals');
  return { ...look, sql: `${look.sql} AND placed_at < registry_now() - interval '1 hour'` };
}

/** Keeps each key under another name. */
const forgetful = {
  sql: idempotencyTable.insert?.sql ?? '',
  params: (rows: Parameters<NonNullable<typeof idempotencyTable.insert>['params']>[0]) =>
    idempotencyTable.insert?.params(rows.map((row) => ({ ...row, key: randomUUID() }))) ?? [],
};

/** A database that says it has committed what it has not. */
function neverCommitting(whole: DataSource): DataSource {
  interface Client {
    query(sql: unknown, ...rest: unknown[]): unknown;
  }
  const lying =
    (client: Client): Client['query'] =>
    (sql, ...rest) =>
      client.query(sql === 'COMMIT' ? 'ROLLBACK' : sql, ...rest);
  return new Proxy(whole, {
    get: (target, name) => {
      if (name !== 'createQueryRunner') return Reflect.get(target, name) as unknown;
      return () => {
        const runner = target.createQueryRunner();
        const connect = runner.connect.bind(runner);
        runner.connect = async () => {
          const client = (await connect()) as Client;
          return new Proxy(client, {
            get: (real, member) =>
              member === 'query' ? lying(real) : (Reflect.get(real, member) as unknown),
          });
        };
        return runner;
      };
    },
  });
}

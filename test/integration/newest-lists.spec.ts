/** The newest revocation list of each issuer, as the processes remember it together: it only rises, and outlives a restart. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { newestLists } from '#libs/signature/newest-lists.store.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let citizen: DataSource;
let clerk: DataSource;

beforeAll(async () => {
  database = await testDatabase();
  citizen = await openDatabase(database.target('tyiym_citizen'), { poolSize: 1 });
  clerk = await openDatabase(database.target('tyiym_clerk_worker'), { poolSize: 1 });
});
afterAll(async () => {
  await citizen.destroy();
  await clerk.destroy();
  await database.drop();
});

const newIssuer = (): string => randomBytes(32).toString('base64url');
/** Whole seconds, as lists have them. */
const secondsAgo = (seconds: number): number => (Math.floor(Date.now() / 1000) - seconds) * 1000;

describe('the newest list', () => {
  it('that the citizen’s process saw is known to the clerk’s, and an older one does not replace it', async () => {
    const [issuer, newer, older] = [newIssuer(), secondsAgo(10), secondsAgo(3600)];
    const known = { thisUpdate: newer, number: 2n ** 80n };
    expect(await newestLists(citizen.manager).seen(issuer, known)).toEqual(known);
    expect(await newestLists(clerk.manager).seen(issuer, { thisUpdate: older, number: 5n })).toEqual(known);
    expect(await newestLists(clerk.manager).seen(newIssuer(), { thisUpdate: older })).toEqual({
      thisUpdate: older,
    });
  });

  it('has neither a later instant under a lower number, nor an instant that lies ahead', async () => {
    const [issuer, first] = [newIssuer(), { thisUpdate: secondsAgo(3600), number: 7n }];
    const { seen } = newestLists(clerk.manager);
    await seen(issuer, first);
    expect(await seen(issuer, { thisUpdate: secondsAgo(60), number: 6n })).toEqual(first);
    expect(await seen(issuer, { thisUpdate: secondsAgo(-3600), number: 8n })).toEqual(first);
    const next = { thisUpdate: secondsAgo(60), number: 8n };
    expect(await seen(issuer, next)).toEqual(next);
  });

  it('is written by nobody but through its function', async () => {
    for (const { manager } of [citizen, clerk])
      for (const act of ['DELETE FROM revocation_lists', 'UPDATE revocation_lists SET number = 0'])
        await expect(manager.query(act)).rejects.toThrow('permission denied');
  });
});

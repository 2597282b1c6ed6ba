/** A citizen assertion counts once, in however many processes, and what is remembered of it goes away by itself. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { forgetExpiredAssertions, useAssertion } from '../../apps/citizen/session/assertions.store.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

const expiresAt = Date.UTC(2026, 2, 1, 12);
let database: TestDatabase;
let processes: [DataSource, DataSource];

beforeAll(async () => {
  database = await testDatabase();
  const open = (): Promise<DataSource> => openDatabase(database.target('tyiym_citizen'));
  processes = await Promise.all([open(), open()]);
});
afterAll(async () => {
  for (const dataSource of processes) await dataSource.destroy();
  await database.drop();
});

const use = (jtiSha256: string, channel = 'egov-portal', dataSource = processes[0]): Promise<boolean> =>
  useAssertion(dataSource.manager, { channel, jtiSha256, expiresAt });

it('an assertion is used once, though two processes use it ten times at once', async () => {
  const uses = processes.flatMap((dataSource) =>
    Array.from({ length: 5 }, () => use('once', 'egov-portal', dataSource)),
  );
  expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1);
});

it('an assertion of another channel may have the same identifier', async () => {
  expect([await use('same', 'egov-portal'), await use('same', 'egov-mobile')]).toEqual([true, true]);
});

it('an assertion whose act was rolled back can be used again', async () => {
  const failed = processes[0].transaction(async (tx) => {
    await useAssertion(tx, { channel: 'egov-portal', jtiSha256: 'again', expiresAt });
    throw new Error('the act failed');
  });
  await expect(failed).rejects.toThrow('the act failed');
  expect(await use('again')).toBe(true);
});

it('an assertion is forgotten once it has expired, and not before', async () => {
  await use('old');
  const { manager } = processes[1];
  await forgetExpiredAssertions(manager, expiresAt);
  expect(await use('old')).toBe(false);
  await forgetExpiredAssertions(manager, expiresAt + 1);
  expect(await use('old')).toBe(true);
});

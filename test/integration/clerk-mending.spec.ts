/** Files of the log that were altered, truncated or lost behind the signer's back: found and made again, byte for byte. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { openDatabase } from '#libs/platform/database.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { makeVkey, parseVkey } from '#libs/tlog/note.js';
import { MendingService } from '../../apps/clerk/signer/mending.service.js';
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
let signer: SignerService;
let folder: string;
let mended: string[];

beforeEach(async () => {
  [folder, mended] = [newFolder(), []];
  database = await testDatabase();
  await openRegistry(database, keys);
  lender = await openDatabase(database.target('tyiym_lender'), { poolSize: 2 });
  source = await openDatabase(database.target('tyiym_clerk_signer'), { poolSize: 3 });
  journal = newJournal(lender, 'lender', keys, tables);
  signer = new SignerService({
    ...{ tx: source.manager, origin, key, holder: randomUUID(), clock: () => 0 },
    files: new ImmutableFiles(folder),
    witnesses: { gather: () => Promise.resolve([]) },
    onMended: (paths) => void mended.push(`signer: ${paths.join()}`),
  });
  await append(700);
  await signer.publish();
});
afterEach(async () => {
  await lender.destroy();
  await source.destroy();
  await database.drop();
  rmSync(folder, { recursive: true });
});

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

const mend = (): Promise<number | undefined> =>
  new MendingService({
    origin,
    ...{ tx: source.manager, files: new ImmutableFiles(folder), pauseMs: 0 },
    onMended: (paths) => void mended.push(...paths),
  }).mend();
const at = (path: string): string => join(folder, path);
const spoil = (): void => {
  writeFileSync(at('tile/0/000'), Buffer.alloc(256 * 32));
  truncateSync(at('tile/entries/001'), 100);
  rmSync(at('tile/0/001'));
};

it('away from the edge the signer does not see them; all of them are made again', async () => {
  const before = filesIn(folder);
  spoil();
  await append(10);
  expect(await signer.publish()).toBe(710);
  expect(mended).toEqual([]);
  await expect(auditLog(database, folder, vkey)).rejects.toThrow();

  expect(await mend()).toBe(710);
  expect(mended.toSorted()).toEqual(['tile/0/000', 'tile/entries/001']);
  const after = filesIn(folder);
  for (const [path, bytes] of before)
    if (path !== 'checkpoint') expect([path, after.get(path)?.equals(bytes)]).toEqual([path, true]);
  await auditLog(database, folder, vkey);
});

it('what is whole is left as it is, also while the signer goes on', async () => {
  await append(300);
  await Promise.all([mend(), signer.publish()]);
  expect(mended).toEqual([]);
  await auditLog(database, folder, vkey);
});

describe('nothing is written', () => {
  it.each([
    ['from a leaf that is not its commitment', `UPDATE entries SET leaf_hash = sha256('x') WHERE index = 3`],
    [
      'from a commitment that was changed together with its leaf',
      `UPDATE entries SET commitment = sha256('x'), leaf_hash = sha256('\\x00'::bytea || convert_to(
         '{"c":"' || translate(rtrim(encode(sha256('x'), 'base64'), '='), '+/', '-_') || '","v":1}', 'UTF8')) WHERE index = 3`,
    ],
    ['when an entry is gone', 'DELETE FROM entries WHERE index = 600'],
  ])('%s', async (_, sql) => {
    spoil();
    const before = filesIn(folder);
    await database.superuser.query(
      `SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`,
    );
    await expect(mend()).rejects.toThrow();
    expect(filesIn(folder)).toEqual(before);
    expect(mended).toEqual([]);
  });

  it('before anything is published', async () => {
    await database.superuser.query('DELETE FROM checkpoints');
    expect(await mend()).toBeUndefined();
  });
});

/** The instants of a real registry's entries beside the times at which witnesses signed its trees. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { openDatabase } from '#libs/platform/database.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { cosign } from '#libs/tlog/note.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { fsckWitnessedTime } from '../../apps/tool/fsck/witnessed-time.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newJournal, newLookupKeys, openRegistry, origin } from '../support/journals.js';
import { newFolder } from '../support/log-files.js';
import { namedKey } from '../support/published-log.js';

const keys = newLookupKeys();
const tables = { idempotency: idempotencyTable };
const [witness, liar, stranger] = ['w1', 'liar', 'stranger'].map((name) =>
  namedKey(`${name}.example/w`, 'cosignature'),
) as [ReturnType<typeof namedKey>, ReturnType<typeof namedKey>, ReturnType<typeof namedKey>];
const hourS = 3600;
const size = 9;

let database: TestDatabase;
let lender: DataSource;
let source: DataSource;
let tool: DataSource;
let folder: string;

beforeAll(async () => {
  folder = newFolder();
  database = await testDatabase();
  await openRegistry(database, keys);
  lender = await openDatabase(database.target('tyiym_lender'), { poolSize: 2 });
  source = await openDatabase(database.target('tyiym_clerk_signer'), { poolSize: 2 });
  tool = await openDatabase(database.target('tyiym_tool'), { poolSize: 1 });
  const journal = newJournal(lender, 'lender', keys, tables);
  const signer = new SignerService({
    ...{ tx: source.manager, origin, holder: randomUUID(), clock: () => Date.now() },
    key: { kid: 'log', key: generateKeyPairSync('ed25519').privateKey },
    files: new ImmutableFiles(folder),
    witnesses: {
      gather: ({ note }) => {
        const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
        const now = Math.floor(Date.now() / 1000);
        // One clock is right, one an hour fast, and one of somebody whom nobody asked an hour slow.
        return Promise.resolve([
          cosign(text, witness.name, witness.key, now),
          cosign(text, liar.name, liar.key, now + hourS),
          cosign(text, stranger.name, stranger.key, now - hourS),
        ]);
      },
    },
  });
  for (let tree = 0; tree < 3; tree += 1) {
    await append(journal, 3);
    await signer.publish();
  }
}, 30_000);
afterAll(async () => {
  for (const each of [lender, source, tool]) await each.destroy();
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function append(journal: Journal<typeof tables, object>, count: number): Promise<void> {
  const act = {
    look: {},
    decide: () => ({ entries: [{ kind: 'notice.delivered' as const, body: {} }], answer: () => undefined }),
  };
  for (let number = 0; number < count; number += 1) await journal.submit(act);
}

const findings = (pageSize: number, witnesses = [witness.parsed]) =>
  fsckWitnessedTime({ tx: tool.manager, size, witnesses, pageSize });
/** Dates an entry otherwise while this is looked at. */
async function dated<T>(index: number, seconds: number, look: () => Promise<T>): Promise<T> {
  const move = (by: number) =>
    database.superuser.query(
      `SET session_replication_role = replica;
       UPDATE entries SET at = at + interval '${by} seconds' WHERE index = ${index};
       SET session_replication_role = origin`,
    );
  await move(seconds);
  try {
    return await look();
  } finally {
    await move(-seconds);
  }
}

describe.each([2, 3, 10_000])('read in pages of %i', (pageSize) => {
  it('entries that witnesses saw come in time are not found', async () => {
    expect(await findings(pageSize)).toEqual([]);
  });

  it.each([
    [4, 3000, 'after', 6],
    [4, -3000, 'before', 3],
    [8, 3000, 'after', 9],
    [0, 3000, 'after', 3],
  ])('entry %i dated by %i s is: %s', async (index, seconds, where, tree) => {
    expect(await dated(index, seconds, () => findings(pageSize))).toEqual([
      {
        ...{ code: 'time-not-witnessed', index },
        what: `dated more than 10 s ${where} a witness saw the tree of ${tree} entries`,
      },
    ]);
  });

  it('before the first tree nobody knows how old an entry is', async () => {
    expect(await dated(0, -3000, () => findings(pageSize))).toEqual([]);
  });
});

it('the first of the witnesses who saw a tree counts, and who is not asked does not', async () => {
  expect(await findings(100, [witness.parsed, liar.parsed])).toEqual([]);
  // By a clock that is an hour fast alone, what follows the first tree was written before it was seen.
  expect((await findings(100, [liar.parsed])).map(({ index }) => index)).toEqual([3, 6]);
  expect((await findings(100, [stranger.parsed])).map(({ index }) => index)).toEqual([2, 5, 8]);
});

it('without witnesses whose clocks are believed nothing is judged', async () => {
  expect(await dated(4, 3000, () => findings(100, []))).toEqual([]);
});

/**
 * The signer against real PostgreSQL: what it publishes, and the histories it refuses. Not audited after each test,
 * because those histories are made by tampering.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { journalHead } from '#libs/journal/journal.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { makeVkey, parseCheckpoint, parseVkey, verifyNote } from '#libs/tlog/note.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newJournal, newLookupKeys, openRegistry, origin } from '../support/journals.js';

const keys = newLookupKeys();
const logKey = { kid: 'log', key: generateKeyPairSync('ed25519').privateKey };
const vkey = parseVkey(makeVkey(origin, logKey.key));
const tables = { idempotency: idempotencyTable };

let database: TestDatabase;
let lender: DataSource;
let source: DataSource;
let journal: Journal<typeof tables, object>;
let now = 0;

beforeEach(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  lender = await openDatabase(database.target('tyiym_lender'), 2);
  source = await openDatabase(database.target('tyiym_clerk_signer'), 3);
  journal = newJournal(lender, 'lender', keys, tables);
});
afterEach(async () => {
  await lender.destroy();
  await source.destroy();
  await database.drop();
});

const newSigner = (key = logKey) => new SignerService({ tx: source.manager, origin, key, clock: () => now });

async function append(count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, number) =>
      journal.submit({
        look: {},
        decide: () => ({
          entries: [{ kind: 'notice.delivered', body: { number } }],
          answer: () => undefined,
        }),
      }),
    ),
  );
}

async function published(): Promise<{ size: number; root: Buffer; note: string; signedAt: Date }[]> {
  const { rows } = await database.superuser.query<{
    size: number;
    root: Buffer;
    note: string;
    signedAt: Date;
  }>('SELECT size, root, note, signed_at AS "signedAt" FROM checkpoints ORDER BY size');
  return rows;
}

/** What only somebody who owns the database can do. */
const tamper = (sql: string) =>
  database.superuser.query(
    `SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`,
  );

describe('the signer', () => {
  it('publishes each size the Journal grew to, under a signature anybody can verify', async () => {
    const signer = newSigner();
    expect(await signer.publish()).toBeUndefined();
    await append(5);
    expect(await signer.publish()).toBe(5);
    expect(await signer.publish()).toBeUndefined();
    await append(300);
    expect(await signer.publish()).toBe(305);
    const head = await journalHead(lender.manager);
    for (const { note, size, root } of await published()) {
      const { text, signedBy } = verifyNote(note, [vkey]);
      expect(signedBy).toEqual([origin]);
      expect(parseCheckpoint(text)).toMatchObject({ origin, size, root });
    }
    expect((await published()).map(({ size }) => size)).toEqual([5, 305]);
    expect((await published()).at(-1)?.root).toEqual(head.root);
  });

  it('says every ten minutes that it is there, with the same bytes', async () => {
    const signer = newSigner();
    await append(1);
    await signer.publish();
    const [before] = await published();
    now += 9 * 60_000;
    expect(await signer.publish()).toBeUndefined();
    now += 60_000;
    expect(await signer.publish()).toBe(1);
    const [after] = await published();
    expect(after?.note).toBe(before?.note);
    expect(after?.signedAt.getTime()).toBeGreaterThan(before?.signedAt.getTime() ?? Infinity);
  });

  it('goes on where it stopped, with another key too, and when old heads are gone', async () => {
    await append(7);
    await newSigner().publish();
    await append(6);
    expect(await newSigner().publish()).toBe(13);
    await append(1);
    await tamper('DELETE FROM heads WHERE size < 14');
    expect(await newSigner().publish()).toBe(14);
    await append(2);
    const next = { kid: 'next', key: generateKeyPairSync('ed25519').privateKey };
    expect(await newSigner(next).publish()).toBe(16);
  });

  it('gives one size one root when two of them run at once', async () => {
    const signers = [newSigner(), newSigner(), newSigner()];
    for (let turn = 0; turn < 4; turn += 1) {
      await append(9);
      await Promise.all(signers.map((signer) => signer.publish()));
    }
    expect((await published()).map(({ size }) => size)).toEqual([9, 18, 27, 36]);
  });

  it.each([
    [
      'a leaf was changed',
      `UPDATE entries SET leaf_hash = sha256('x') WHERE index = 3`,
      'not the tree of its leaves',
    ],
    ['the head was changed', `UPDATE journal_head SET root = sha256('x')`, 'not the tree of its leaves'],
    ['an entry is gone', 'DELETE FROM entries WHERE index = 8', 'entries are missing below the head'],
    ['the log has another name', `UPDATE journal_head SET origin = 'tyiym.kz/journal/2'`, 'another origin'],
    [
      'this size was published with another root',
      `INSERT INTO checkpoints SELECT size, origin, sha256('x'), 'note', now() FROM journal_head`,
      'not the tree that was published',
    ],
  ])('signs nothing when %s', async (_, sql, reason) => {
    await append(10);
    await tamper(sql);
    const before = await published();
    await expect(newSigner().publish()).rejects.toThrow(reason);
    expect(await published()).toEqual(before);
  });

  it('signs nothing when another signer published this size first with another root', async () => {
    const signer = newSigner();
    await append(4);
    await signer.publish();
    await append(4);
    await tamper(`INSERT INTO checkpoints VALUES (8, '${origin}', sha256('x'), 'note', now())`);
    await expect(signer.publish()).rejects.toThrow('another root was published for this size');
    expect((await published()).at(-1)?.note).toBe('note');
  });

  it.each([['the process that signed'], ['a new process']])(
    'signs nothing when the database was put back behind what was published: %s',
    async (who) => {
      const signer = newSigner();
      await append(6);
      const before = await database.superuser.query('SELECT * FROM heads');
      await append(6);
      await signer.publish();
      await tamper(
        `DELETE FROM entries WHERE index >= 6; DELETE FROM heads WHERE size > 6;
         UPDATE journal_head SET (size, root, frontier) = (SELECT size, root, frontier FROM heads WHERE size = 6)`,
      );
      expect(before.rowCount).toBe(1);
      const asked = who === 'a new process' ? newSigner() : signer;
      await expect(asked.publish()).rejects.toThrow('shorter than what was published');
    },
  );

  it('signs nothing when published leaves were changed and old heads are gone', async () => {
    await append(10);
    await newSigner().publish();
    await append(1);
    await tamper(
      `UPDATE entries SET leaf_hash = sha256('x') WHERE index = 2; DELETE FROM heads WHERE size = 10`,
    );
    await expect(newSigner().publish()).rejects.toThrow('not the tree that was published');
  });

  it('cannot see an entry, a person or a refusal', async () => {
    await append(1);
    for (const what of [
      'entry FROM entries',
      'subject FROM entries',
      '1 FROM refusals',
      '1 FROM people',
      '1 FROM checks',
    ])
      await expect(source.query(`SELECT ${what}`)).rejects.toThrow('permission denied');
    await expect(source.query('UPDATE checkpoints SET root = root')).rejects.toThrow('permission denied');
    await expect(source.query('DELETE FROM checkpoints')).rejects.toThrow('permission denied');
  });
});

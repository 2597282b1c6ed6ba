/**
 * The signer against real PostgreSQL: what it publishes, and the histories it refuses. Not audited after each test,
 * because those histories are made by tampering.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { journalHead } from '#libs/journal/journal.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { makeVkey, parseCheckpoint, parseVkey, verifyNote } from '#libs/tlog/note.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newJournal, newLookupKeys, openRegistry, origin } from '../support/journals.js';
import { auditLog, filesIn, newFolder } from '../support/log-files.js';

const keys = newLookupKeys();
const logKey = { kid: 'log', key: generateKeyPairSync('ed25519').privateKey };
const vkey = parseVkey(makeVkey(origin, logKey.key));
const tables = { idempotency: idempotencyTable };

let database: TestDatabase;
let lender: DataSource;
let source: DataSource;
let journal: Journal<typeof tables, object>;
let now = 0;
let folder: string;
const mended: string[] = [];

beforeEach(async () => {
  folder = newFolder();
  mended.length = 0;
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

const newSigner = (key = logKey) =>
  new SignerService({
    ...{ tx: source.manager, origin, key, holder: randomUUID(), clock: () => now },
    files: new ImmutableFiles(folder),
    witnesses: { gather: () => Promise.resolve([]) },
    onMended: (paths) => void mended.push(...paths),
  });
/** A process that begins after another was killed and its lease has run out. */
const nextSigner = async (key = logKey) => {
  await database.superuser.query('UPDATE signer_lease SET until = now()');
  return newSigner(key);
};

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
    expect(await (await nextSigner()).publish()).toBe(13);
    await append(1);
    await tamper('DELETE FROM heads WHERE size < 14');
    expect(await (await nextSigner()).publish()).toBe(14);
    await append(2);
    const next = { kid: 'next', key: generateKeyPairSync('ed25519').privateKey };
    expect(await (await nextSigner(next)).publish()).toBe(16);
  });

  it('signs alone: a second one waits until the lease ends or is given back', async () => {
    const [first, second] = [newSigner(), newSigner()];
    for (let turn = 0; turn < 4; turn += 1) {
      await append(9);
      const sizes = await Promise.all([first.publish(), second.publish()]);
      expect(sizes.toSorted()).toEqual([9 * (turn + 1), undefined]);
    }
    await append(1);
    expect(await second.publish()).toBeUndefined();
    await first.end();
    expect(await second.publish()).toBe(37);
    expect(await first.publish()).toBeUndefined();
    expect((await published()).map(({ size }) => size)).toEqual([9, 18, 27, 36, 37]);
    await auditLog(database, folder, vkey);
  });

  it('that lost its lease while it worked signs nothing', async () => {
    const first = newSigner();
    await append(3);
    await first.publish();
    await append(3);
    const files = new ImmutableFiles(folder);
    const robbed = new SignerService({
      ...{ tx: source.manager, origin, key: logKey, holder: randomUUID(), clock: () => now },
      witnesses: { gather: () => Promise.resolve([]) },
      files: Object.assign(Object.create(files) as ImmutableFiles, {
        write: async (some: Parameters<ImmutableFiles['write']>[0]) => {
          await database.superuser.query('UPDATE signer_lease SET holder = gen_random_uuid()');
          return files.write(some);
        },
      }),
    });
    await first.end();
    expect(await robbed.publish()).toBeUndefined();
    expect((await published()).map(({ size }) => size)).toEqual([3]);
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
      `INSERT INTO checkpoints (size, origin, root, note, signed_at) SELECT size, origin, sha256('x'), 'note', now() FROM journal_head`,
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
    await tamper(
      `INSERT INTO checkpoints (size, origin, root, note, signed_at) VALUES (8, '${origin}', sha256('x'), 'note', now())`,
    );
    await expect(signer.publish()).rejects.toThrow('another root was published for this size');
    await expect(signer.publish()).rejects.toThrow('not the tree that was published');
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
      const asked = who === 'a new process' ? await nextSigner() : signer;
      await expect(asked.publish()).rejects.toThrow('shorter than what was published');
      await expect(asked.publish()).rejects.toThrow('log.broken');
    },
  );

  it('signs nothing when the whole database was put back, checkpoints too: the folder remembers', async () => {
    const signer = newSigner();
    await append(6);
    await signer.publish();
    await append(6);
    await signer.publish();
    const back = `DELETE FROM entries WHERE index >= 6; DELETE FROM heads WHERE size > 6; DELETE FROM checkpoints WHERE size > 6;
      UPDATE journal_head SET (size, root, frontier) = (SELECT size, root, frontier FROM heads WHERE size = 6)`;
    await tamper(back);
    await expect((await nextSigner()).publish()).rejects.toThrow('shorter than what was published');
    await expect(append(1)).rejects.toMatchObject({ code: 'registry-unavailable' });
    // Had it grown past what was published before anybody looked, it would be another tree.
    await database.superuser.query('DELETE FROM comparisons');
    await append(20);
    await expect((await nextSigner()).publish()).rejects.toThrow('not the tree of its leaves');
    expect((await published()).map(({ size }) => size)).toEqual([6]);
  });

  it('never makes files again from leaves that are not those of the published root', async () => {
    await append(300);
    await newSigner().publish();
    const before = filesIn(folder);
    await append(1);
    await tamper(`UPDATE entries SET commitment = sha256('x') WHERE index = 2`);
    writeFileSync(join(folder, 'tile/0/001.p/44'), '');
    await expect((await nextSigner()).publish()).rejects.toThrow('not the tree that was published');
    before.set('tile/0/001.p/44', Buffer.alloc(0));
    expect(filesIn(folder)).toEqual(before);
  });

  it.each([
    ['a tile was truncated', () => writeFileSync(join(folder, 'tile/0/001.p/44'), Buffer.alloc(32))],
    ['a tile above was altered', () => writeFileSync(join(folder, 'tile/1/000.p/1'), Buffer.alloc(32))],
    [
      'the bundle was altered',
      () => writeFileSync(join(folder, 'tile/entries/001.p/44'), Buffer.alloc(44 * 59)),
    ],
    ['the whole folder is gone', () => rmSync(folder, { recursive: true })],
  ])('makes every file again, byte for byte, when %s', async (what, spoil) => {
    await append(300);
    await newSigner().publish();
    const before = filesIn(folder);
    spoil();
    await append(10);
    expect(await (await nextSigner()).publish()).toBe(310);
    for (const [path, bytes] of before)
      if (path !== 'checkpoint') expect(filesIn(folder).get(path)).toEqual(bytes);
    expect(mended).toHaveLength(what.includes('folder') ? 0 : 1);
    await auditLog(database, folder, vkey);
  });

  it('keeps the leaf of an erased person', async () => {
    await append(5);
    await tamper('UPDATE entries SET entry = NULL, seed = NULL, subject = NULL WHERE index = 3');
    expect(await newSigner().publish()).toBe(5);
    await auditLog(database, folder, vkey);
  });

  it('drops partial tiles ten minutes after they became full ones, and keeps those in use', async () => {
    const signer = newSigner();
    for (const count of [200, 100]) {
      await append(count);
      await signer.publish();
    }
    expect([...filesIn(folder).keys()]).toContain('tile/0/000.p/200');
    now += 10 * 60_000;
    await append(1);
    await signer.publish();
    const left = [...filesIn(folder).keys()];
    expect(left).not.toContain('tile/0/000.p/200');
    expect(left).not.toContain('tile/entries/000.p/200');
    expect(left).toEqual(expect.arrayContaining(['tile/0/000', 'tile/0/001.p/44', 'tile/0/001.p/45']));
  });

  const made = (changes: Readonly<Record<string, string>> = {}) => {
    const row = { size: 'size', root: 'root', origin: 'origin', published: 'NULL::timestamptz', ...changes };
    const {
      note = `${row.origin} || E'\\n' || ${row.size} || E'\\n' || encode(${row.root}, 'base64') || E'\\n\\n— x'`,
    } = changes;
    return `INSERT INTO checkpoints (size, origin, root, note, signed_at, published_at)
      SELECT ${row.size}, ${row.origin}, ${row.root}, ${note}, registry_now(), ${row.published} FROM journal_head`;
  };

  const madeUp: readonly (readonly [what: string, sql: string])[] = [
    ['a checkpoint ahead of the Journal', made({ size: 'size + 1' })],
    ['one with another root', made({ root: `sha256('x')` })],
    ['one of a size that no commit ended with', made({ size: 'size - 1' })],
    ['one of another log', made({ origin: `'tyiym.kz/journal/2'` })],
    ['one whose note says another', made({ note: `'a note'` })],
    ['one that is published before it is signed', made({ published: 'registry_now()' })],
    ['a note that says another', `UPDATE checkpoints SET note = replace(note, E'\\n2\\n', E'\\n1\\n')`],
    ['taking back what was published', 'UPDATE checkpoints SET published_at = NULL'],
    ['another lag', 'UPDATE checkpoints SET lag_ms = lag_ms + 1000'],
    ['a signature of tomorrow', `UPDATE checkpoints SET signed_at = signed_at + interval '1 day'`],
    [
      'a lease without an end',
      `UPDATE signer_lease SET holder = gen_random_uuid(), until = now() + interval '1 hour'`,
    ],
  ];

  it('is not stopped by what its own password can write', async () => {
    const signer = newSigner();
    await append(2);
    await signer.publish();
    await append(3);
    for (const [what, sql] of madeUp)
      expect([what, await source.query(sql).catch(({ code }: { code: string }) => code)]).toEqual([
        what,
        '23000',
      ]);
    expect(await signer.publish()).toBe(5);
  });

  it('signs over a checkpoint that its own password wrote, at once', async () => {
    const signer = newSigner();
    await append(2);
    await signer.publish();
    await append(3);
    await source.query(made());
    await source.query(
      'UPDATE checkpoints SET published_at = registry_now(), lag_ms = 1 WHERE published_at IS NULL',
    );
    expect(await signer.publish()).toBeUndefined();
    expect(await signer.publish()).toBe(5);
    for (const { note } of await published()) expect(verifyNote(note, [vkey]).signedBy).toEqual([origin]);
  });

  it('answers for everybody again a turn after its own password silenced them', async () => {
    const signer = newSigner();
    await append(2);
    await signer.publish();
    await source.query('UPDATE comparisons SET life = NULL');
    await expect(append(1)).rejects.toMatchObject({ code: 'registry-unavailable' });
    await signer.publish();
    await append(1);
  });

  it('cannot see an entry, a person or a refusal', async () => {
    await append(1);
    for (const what of [
      'entry FROM entries',
      'seed FROM entries',
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

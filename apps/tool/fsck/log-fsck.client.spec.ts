import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Policy } from '#libs/tlog/verify-tlog-proof.js';
import { namedKey, plainLeaf, PublishedLog } from '../../../test/support/published-log.js';
import { LogClient } from '../verify/log.client.js';
import { fsckLog, type LogReport } from './log-fsck.client.js';

const size = 67_000;
const witness = namedKey('witness.example/w1', 'cosignature');
const key = namedKey('sandbox.tyiym.kz/journal/1', 'note');
const policy: Policy = { log: [key.parsed], witnesses: [witness.parsed], quorum: 1 };
/** Made once; a test that grows it does so on a copy. */
const whole = new PublishedLog(key.name, key).growTo(size);
whole.publish([witness, 1_764_000_000]);
let log: PublishedLog;
let base: string;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tyiym-fsck-log-'));
  log = whole.copy();
  base = await log.listen();
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

const fsck = (changes: Partial<Parameters<typeof fsckLog>[1]> = {}): Promise<LogReport> =>
  fsckLog(new LogClient(base), { policy, ...changes });
const found = async (): Promise<readonly string[]> =>
  (await fsck()).findings.map(({ code, path }) => `${code} ${path}`);
const bend = (path: string, change: (bytes: Buffer) => Buffer): void =>
  void log.files.set(path, change(Buffer.from(log.files.get(path) ?? '')));
const flipped = (bytes: Buffer): Buffer => {
  // Within a leaf, and not in the length before it.
  const place = (Math.floor(bytes.length / 2) + 20) % bytes.length;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes;
};
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, -1);

describe('a log that is whole', () => {
  it('is clean, and the next run goes on where this one ended', async () => {
    const stateFile = join(folder, 'state.json');
    const done: number[] = [];
    const report = await fsck({ stateFile, onProgress: (at) => done.push(at) });
    expect([report.findings, report.from, report.published.level, done.at(-1)]).toEqual([
      [],
      0,
      'witnessed',
      size,
    ]);
    log.growTo(size + 1000).publish([witness, 1_764_000_001]);
    const next = await fsck({ stateFile });
    expect([next.findings, next.from]).toEqual([[], size - (size % 256)]);
    expect((await fsck({ stateFile })).findings).toEqual([]);
  });

  it.each([1, 255, 256, 257, 512])('of %i entries is clean', async (small) => {
    await log.close();
    log = new PublishedLog(key.name, key).growTo(small);
    log.publish([witness, 1_764_000_000]);
    base = await log.listen();
    expect(await found()).toEqual([]);
  });

  it('that a witness is missing from is not believed', async () => {
    log.publish();
    await expect(fsck()).rejects.toMatchObject({ code: 'quorum-missing' });
  });
});

describe('one file that was', () => {
  it.each([
    ['altered', 'bundle-differs tile/entries/007', flipped],
    ['truncated', 'bundle-differs tile/entries/007', cut],
    ['altered', 'tile-differs tile/0/007', flipped],
    ['truncated', 'tile-differs tile/0/007', cut],
    ['altered', 'tile-differs tile/1/000', flipped],
    ['truncated', 'tile-differs tile/1/000', cut],
    ['altered', 'bundle-differs tile/entries/261.p/184', flipped],
    ['truncated', 'bundle-differs tile/entries/261.p/184', cut],
    ['altered', 'tile-differs tile/0/261.p/184', flipped],
    ['altered', 'tile-differs tile/1/001.p/5', flipped],
    ['altered', 'tile-differs tile/2/000.p/1', flipped],
  ])('%s is named: %s', async (_, finding, change) => {
    bend(finding.split(' ')[1] ?? '', change);
    expect(await found()).toEqual([finding]);
  });

  it.each(['tile/entries/007', 'tile/0/007', 'tile/1/000', 'tile/entries/261.p/184'])(
    'lost is named: %s',
    async (path) => {
      log.files.delete(path);
      expect(await found()).toEqual([`file-missing ${path}`]);
    },
  );

  it('replaced together with all that hangs on it is found by the root', async () => {
    const other = new PublishedLog(key.name, key).growTo(100);
    other.append([Buffer.from('another leaf')]);
    other.growTo(size);
    for (const [path, bytes] of other.files) if (path !== 'vkeys') log.files.set(path, bytes);
    expect((await found()).at(-1)).toBe('root-differs checkpoint');
  });
});

describe('a log that is not the same any more', () => {
  it('is noticed by who kept a state, though it is whole in itself', async () => {
    const stateFile = join(folder, 'state.json');
    await fsck({ stateFile });
    const kept = readFileSync(stateFile, 'utf8');
    const other = new PublishedLog(key.name, key).growTo(size - 3);
    other.append([1, 2, 3, 4, 5].map((at) => plainLeaf(-at)));
    other.publish([witness, 1_764_000_002]);
    log.files.clear();
    for (const [path, bytes] of other.files) log.files.set(path, bytes);
    const codes = (await fsck({ stateFile })).findings.map(({ code }) => code);
    expect([codes, readFileSync(stateFile, 'utf8')]).toEqual([['not-the-log-seen-before'], kept]);
  });

  it('or shorter than it was', async () => {
    const stateFile = join(folder, 'state.json');
    await fsck({ stateFile });
    log.files.clear();
    const shorter = new PublishedLog(key.name, key).growTo(300);
    shorter.publish([witness, 1_764_000_002]);
    for (const [path, bytes] of shorter.files) log.files.set(path, bytes);
    expect((await fsck({ stateFile })).findings.map(({ code }) => code)).toEqual(['not-the-log-seen-before']);
  });
});

describe('an opening', () => {
  it('that does not open its leaf is named', async () => {
    log.files.set('openings/3', Buffer.from(JSON.stringify({ entry: '{}', salt: 'A'.repeat(43) })));
    expect(await found()).toEqual(['opening-differs openings/3']);
  });
});

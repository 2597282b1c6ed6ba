import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leafOf } from '#libs/journal/commitment.js';
import type { Policy } from '#libs/tlog/verify-tlog-proof.js';
import { namedKey, plainLeaf, PublishedLog } from '../../../test/support/published-log.js';
import { LogClient } from '../verify/log.client.js';
import { fsckLog, type LogReport } from './log-fsck.client.js';

const size = 67_000;
const witness = namedKey('witness.example/w1', 'cosignature');
const logKey = namedKey('sandbox.tyiym.kz/journal/1', 'note');
const policy: Policy = { log: [logKey.parsed], witnesses: [witness.parsed], quorum: 1 };
/** Made once; a test that grows it does so on a copy. */
const whole = new PublishedLog(logKey.name, logKey).growTo(size);
whole.publish([witness, 1_764_000_000]);
/** What a first run over it reports and leaves behind. */
let first: { readonly report: LogReport; readonly done: readonly number[]; readonly state: string };
let log: PublishedLog;
let base: string;
let folder: string;
beforeAll(async () => {
  const served = whole.copy();
  const at = mkdtempSync(join(tmpdir(), 'tyiym-fsck-log-'));
  const done: number[] = [];
  const report = await fsckLog(new LogClient(await served.listen()), {
    ...{ policy, stateFile: join(at, 'state.json'), onProgress: (size: number) => void done.push(size) },
  });
  first = { report, done, state: readFileSync(join(at, 'state.json'), 'utf8') };
  await served.close();
  rmSync(at, { recursive: true });
}, 30_000);
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
const found = async (changes: Parameters<typeof fsck>[0] = {}): Promise<readonly string[]> =>
  (await fsck(changes)).findings.map(({ code, path }) => `${code} ${path}`);
/** A state file as the first run left it: who goes on from it reads the last bundle and what hangs on it. */
const kept = (): string => {
  const stateFile = join(folder, 'state.json');
  writeFileSync(stateFile, first.state);
  return stateFile;
};
const flipped = (bytes: Buffer): Buffer => {
  // Within a leaf, and not in the length before it.
  const place = (Math.floor(bytes.length / 2) + 20) % bytes.length;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes;
};
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, -1);

describe('a log that is whole', () => {
  it('is clean, and the next run goes on where this one ended', async () => {
    const { report, done } = first;
    expect([report.findings, report.from, report.published.level, done.at(-1)]).toEqual([
      [],
      0,
      'witnessed',
      size,
    ]);
    const stateFile = kept();
    log.growTo(size + 1000).publish([witness, 1_764_000_001]);
    const next = await fsck({ stateFile });
    expect([next.findings, next.from]).toEqual([[], size - (size % 256)]);
    expect((await fsck({ stateFile })).findings).toEqual([]);
  });

  it.each([1, 255, 256, 257, 512])('of %i entries is clean', async (small) => {
    await log.close();
    log = new PublishedLog(logKey.name, logKey).growTo(small);
    log.publish([witness, 1_764_000_000]);
    base = await log.listen();
    expect(await found()).toEqual([]);
  });

  it('that a witness is missing from is not believed', async () => {
    log.publish();
    await expect(fsck()).rejects.toMatchObject({ code: 'quorum-missing' });
  });
});

type Bend = readonly [finding: string, change: (bytes: Buffer) => Buffer | undefined];
const lost = (): undefined => undefined;
const pathOf = ([finding]: Bend): string => finding.split(' ')[1] ?? '';
const bendAll = (bends: readonly Bend[]): void => {
  for (const [finding, change] of bends) {
    const path = pathOf([finding, change]);
    const bent = change(Buffer.from(log.files.get(path) ?? ''));
    if (bent === undefined) log.files.delete(path);
    else log.files.set(path, bent);
  }
};

describe('files that were bent are named, each, and no other', () => {
  it('altered, truncated and lost on the lowest level, many at once', async () => {
    const bends: readonly Bend[] = [
      ['bundle-differs tile/entries/007', flipped],
      ['bundle-differs tile/entries/009', cut],
      ['file-missing tile/entries/011', lost],
      ['tile-differs tile/0/013', flipped],
      ['tile-differs tile/0/015', cut],
      ['file-missing tile/0/017', lost],
    ];
    bendAll(bends);
    expect(await found()).toEqual(bends.map(([finding]) => finding));
  });

  it.each<Bend>([
    ['tile-differs tile/1/000', flipped],
    ['tile-differs tile/1/000', cut],
    ['file-missing tile/1/000', lost],
  ])('on the level above: %s', async (...bend) => {
    bendAll([bend]);
    expect(await found()).toEqual([bend[0]]);
  });

  it('on every level of the right edge, by who reads from the beginning', async () => {
    const bends: readonly Bend[] = [
      ['tile-differs tile/0/261.p/184', flipped],
      ['tile-differs tile/1/001.p/5', flipped],
      ['tile-differs tile/2/000.p/1', flipped],
    ];
    bendAll(bends);
    expect(await found()).toEqual(bends.map(([finding]) => finding));
  });

  it.each<Bend>([
    ['bundle-differs tile/entries/261.p/184', flipped],
    ['bundle-differs tile/entries/261.p/184', cut],
    ['file-missing tile/entries/261.p/184', lost],
    ['tile-differs tile/0/261.p/184', flipped],
    ['tile-differs tile/1/001.p/5', flipped],
    ['tile-differs tile/2/000.p/1', flipped],
  ])('at the right edge, by who goes on: %s', async (...bend) => {
    bendAll([bend]);
    expect(await found({ stateFile: kept() })).toEqual([bend[0]]);
  });

  it('replaced together with all that hangs on it is found by the root', async () => {
    const other = new PublishedLog(logKey.name, logKey).growTo(100);
    other.append([Buffer.from('another leaf')]);
    other.growTo(size);
    for (const [path, bytes] of other.files) if (path !== 'vkeys') log.files.set(path, bytes);
    expect((await found()).at(-1)).toBe('root-differs checkpoint');
  });
});

describe('a log that is not the same any more', () => {
  it('is noticed by who kept a state, though it is whole in itself', async () => {
    const stateFile = kept();
    const other = new PublishedLog(logKey.name, logKey).growTo(size - 3);
    other.append([1, 2, 3, 4, 5].map((at) => plainLeaf(-at)));
    other.publish([witness, 1_764_000_002]);
    log.files.clear();
    for (const [path, bytes] of other.files) log.files.set(path, bytes);
    const codes = (await fsck({ stateFile })).findings.map(({ code }) => code);
    expect([codes, readFileSync(stateFile, 'utf8')]).toEqual([['not-the-log-seen-before'], first.state]);
  });

  it('or shorter than it was', async () => {
    const stateFile = kept();
    log.files.clear();
    const shorter = new PublishedLog(logKey.name, logKey).growTo(300);
    shorter.publish([witness, 1_764_000_002]);
    for (const [path, bytes] of shorter.files) log.files.set(path, bytes);
    expect((await fsck({ stateFile })).findings.map(({ code }) => code)).toEqual(['not-the-log-seen-before']);
  });
});

describe('an opening', () => {
  it('that does not open its leaf is named', async () => {
    log.files.clear();
    const small = new PublishedLog(logKey.name, logKey).growTo(300);
    small.publish([witness, 1_764_000_000]);
    for (const [path, bytes] of small.files) log.files.set(path, bytes);
    log.files.set('openings/3', Buffer.from(JSON.stringify({ entry: '{}', salt: 'A'.repeat(43) })));
    expect(await found()).toEqual(['opening-differs openings/3']);
  });
});

describe('a key of the served set, published beyond the first tile', () => {
  const salt = Buffer.alloc(32, 7);
  const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
  const said = { kid: 'k', purpose: 'head/lender', kinds: ['check.made'] };
  const entry = JSON.stringify({ ...said, kind: 'key.published', jwk, fromSize: 300 });
  const served = { ...said, ...jwk, use: 'sig', fromSize: 300 };
  const openingOf = (text: string): Buffer =>
    Buffer.from(JSON.stringify({ entry: text, salt: salt.toString('base64url') }));
  /** A log of 400 entries whose entry 300 is this text, and a key set of this key. */
  const serve = (text: string, key: object, size = 400): void => {
    const small = new PublishedLog(logKey.name, logKey).growTo(300);
    small.append([leafOf(text, salt)]);
    small.growTo(size);
    small.publish([witness, 1_764_000_000]);
    small.files.set('.well-known/jwks.json', Buffer.from(JSON.stringify({ keys: [key] })));
    small.files.set('openings/300', openingOf(text));
    log.files.clear();
    for (const [path, bytes] of small.files) log.files.set(path, bytes);
  };

  it('is held against its entry, also by who goes on', async () => {
    serve(entry, served);
    const stateFile = join(folder, 'state.json');
    expect(await found({ stateFile })).toEqual([]);
    serve(entry, { ...served, x: 'z' });
    expect(await found({ stateFile })).toEqual(['key-differs .well-known/jwks.json']);
  });

  it.each<[string, string, object]>([
    ['has another point', entry, { ...served, y: 'z' }],
    ['vouches for more', entry, { ...served, kinds: ['check.made', 'refusal.placed'] }],
    ['is for another purpose', entry, { ...served, purpose: 'log' }],
    ['has another name', entry, { ...served, kid: 'l' }],
    ['was published by no entry', entry.replace('key.published', 'key.retired'), served],
    ['does not say which entry published it', entry, { ...served, fromSize: undefined }],
    ['names an entry that is not open', entry, { ...served, fromSize: 299 }],
  ])('that %s is named', async (_, text, key) => {
    serve(text, key);
    expect(await found()).toEqual(['key-differs .well-known/jwks.json']);
  });

  it('whose opening does not open its leaf is named by the opening', async () => {
    serve(entry, served);
    log.files.set('openings/300', openingOf(entry.replace('check.made', 'loan.reported')));
    expect(await found()).toEqual(['opening-differs openings/300']);
  });

  it('that was published after the checkpoint waits for the next', async () => {
    serve(entry, { ...served, fromSize: 400 });
    expect(await found()).toEqual([]);
  });
});

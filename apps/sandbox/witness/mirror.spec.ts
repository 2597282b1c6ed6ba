import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namedKey, plainLeaf, PublishedLog } from '../../../test/support/published-log.js';
import { Mirror } from './mirror.js';

const key = namedKey('sandbox.tyiym.kz/journal/1', 'note');
const witness = namedKey('witness.example/w1', 'cosignature');
let dir: string;
let log: PublishedLog;
let refusals: string[];
let mirror: Mirror;
const start = (): Mirror =>
  new Mirror({
    get: async (path) => log.files.get(path),
    logKeys: [key.parsed],
    dir,
    onRefusal: (line) => refusals.push(line),
  });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tyiym-mirror-'));
  log = new PublishedLog(key.name, key);
  refusals = [];
  mirror = start();
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Every file that a reader of the newest checkpoint needs is here and as the log has it. */
function expectWhole(): void {
  const { size } = log;
  const full = [...log.files].filter(([path]) => path.startsWith('tile/') && !path.includes('.p/'));
  for (const [path, bytes] of full) expect([path, mirror.fileOf(path)?.equals(bytes)]).toEqual([path, true]);
  if (size % 256 > 0) {
    const [index, width] = [String(Math.floor(size / 256)).padStart(3, '0'), size % 256];
    for (const kind of ['0', 'entries']) {
      const path = `tile/${kind}/${index}.p/${width}`;
      expect(mirror.fileOf(path)).toEqual(log.files.get(path));
    }
  }
  expect(mirror.fileOf('checkpoint')).toEqual(log.files.get('checkpoint'));
}

describe('a mirror', () => {
  it('has nothing before the log has something', async () => {
    await mirror.follow();
    expect([mirror.state, mirror.fileOf('checkpoint')]).toEqual([{ size: 0 }, undefined]);
  });

  it('follows the log through every size, and goes on after a restart', async () => {
    for (const size of [1, 255, 256, 257, 700, 1000]) {
      log.growTo(size).publish([witness, 1_764_000_000 + size]);
      await mirror.follow();
      expect(mirror.state).toEqual({ size });
      expectWhole();
      mirror = start();
    }
    expect(existsSync(join(dir, 'tile/entries/002.p/188'))).toBe(false);
    expect(refusals).toEqual([]);
  });

  it('takes a checkpoint that got a cosignature later, and lets an older one be', async () => {
    const old = log.growTo(10).publish();
    log.growTo(20).publish();
    await mirror.follow();
    const cosigned = log.publish([witness, 1_764_000_000]);
    await mirror.follow();
    log.files.set('checkpoint', Buffer.from(old));
    await mirror.follow();
    expect([mirror.fileOf('checkpoint')?.toString(), mirror.state]).toEqual([cosigned, { size: 20 }]);
  });

  it.each(['../mirror.json', 'mirror.json', 'refused.ndjson', 'tile/0/0', 'tile/0/000/../000', ''])(
    'gives away nothing that is no file of the log: %p',
    async (path) => {
      log.growTo(300).publish();
      await mirror.follow();
      expect(mirror.fileOf(path)).toBeUndefined();
    },
  );
});

describe('a log that is refused', () => {
  const fork = (from: number, to: number): void => {
    const other = new PublishedLog(key.name, key).growTo(from);
    other.append(Array.from({ length: to - from }, (_, at) => plainLeaf(1_000_000 + at)));
    other.publish();
    log = other;
  };
  beforeEach(async () => {
    log.growTo(600).publish();
    await mirror.follow();
  });
  afterEach(() => {
    expect(mirror.fileOf('checkpoint')?.toString()).toContain('\n600\n');
    expect(readFileSync(join(dir, 'refused.ndjson'), 'utf8').trim().split('\n')).toHaveLength(
      refusals.length,
    );
  });
  const refused = async (): Promise<string> => {
    await mirror.follow();
    await mirror.follow();
    expect(refusals).toHaveLength(1);
    expect(mirror.state.refused).toBe(refusals[0]);
    return refusals[0] ?? '';
  };

  it('shows another root for what was copied', async () => {
    fork(500, 600);
    expect(await refused()).toContain('another root for the 600 entries');
  });
  it('did not grow from what was copied: within the bundle at its end', async () => {
    fork(590, 700);
    expect(await refused()).toContain('did not grow from the 600 entries');
  });
  it('did not grow from what was copied: long before', async () => {
    fork(3, 900);
    expect(await refused()).toMatch(/did not grow|not make up the root/);
  });
  it.each(['tile/entries/002', 'tile/0/002', 'tile/1/000.p/3'])(
    'gives a %s that it did not sign',
    async (path) => {
      log.growTo(800).publish();
      const bytes = Buffer.from(log.files.get(path) ?? '');
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      log.files.set(path, bytes);
      expect(await refused()).toContain(path);
    },
  );
  it('is signed by somebody else', async () => {
    log = new PublishedLog(key.name).growTo(700);
    log.publish();
    expect(await refused()).toContain('No pinned key');
  });
});

/**
 * A disk that is really full, below a PostgreSQL of the spec's own: at first tables cannot grow, then the server itself
 * ends for want of a place for its log. Nothing answered is lost, and with room again everything goes on.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Auditor } from '../support/auditor.js';
import { citizensHere, lenderHere, personOf, type Citizens, type Lender } from '../support/contenders.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { historyFaults, type Told } from '../support/history.js';
import { journalLines } from '../support/journal-lines.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';
import { ownCluster, type OwnCluster } from '../support/own-cluster.js';
import { Recorder } from '../support/recorder.js';
import { validIins } from '../support/vectors.js';

const [iin = '', another = ''] = validIins;
const disk = mkdtempSync(join(tmpdir(), 'tyiym-disk-'));
const size = 'size=320m,mode=0755';
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', disk]).status === 0;
const ballast = join(disk, 'ballast');
if (!isMounted) rmSync(disk, { recursive: true });

/** Takes what is left of the disk. */
function fill(): void {
  const file = openSync(ballast, 'a');
  try {
    for (let piece = 1 << 20; piece >= 512;) {
      try {
        if (writeSync(file, Buffer.alloc(piece)) < piece) piece /= 2;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        piece /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
}

const lookup = newLookupKeys();
const recorder = new Recorder();
let cluster: OwnCluster;
let database: TestDatabase;
let lender: Lender;
let citizens: Citizens;

const check = (about: string, key: string = randomUUID()): Promise<Told | undefined> =>
  recorder.call({ kind: 'check', key, person: personOf(lookup, about) }, () => lender.check(key, about));
const place = (about: string): Promise<Told | undefined> => {
  const key = randomUUID();
  return recorder.call({ kind: 'place', key, person: personOf(lookup, about) }, () =>
    citizens.place(key, about),
  );
};
const many = (count: number): Promise<readonly (Told | undefined)[]> =>
  Promise.all(Array.from({ length: count }, () => check(iin)));
const isAnswered = (told: Told | undefined): boolean => told !== undefined;

/** All that was told still holds, and all that was open is answered now, once. */
async function expectWhole(): Promise<void> {
  const open = recorder.calls.filter(({ kind, answered }) => kind === 'check' && answered === undefined);
  for (const { key } of open) await eventually('an answer', () => check(iin, key), isAnswered, 20_000);
  const after = await database.again();
  const auditor = await Auditor.open({ database: after });
  const faults = historyFaults(recorder.calls, await journalLines(after));
  expect([...recorder.surprises, ...faults, ...(await auditor.auditNews())]).toEqual([]);
  await auditor.close();
  await after.leave();
}

(isMounted ? describe : describe.skip)('a full disk (needs the right to mount one)', () => {
  beforeAll(async () => {
    cluster = await ownCluster(disk, { min_wal_size: '32MB', max_wal_size: '64MB' });
    database = await testDatabase(cluster);
    await openRegistry(database, lookup);
    lender = await lenderHere({ target: database.target('tyiym_lender'), lookup });
    citizens = await citizensHere({ target: database.target('tyiym_citizen'), lookup });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([lender, citizens].map((each) => each.close()));
    await database.leave();
    await cluster.close();
    spawnSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }, 60_000);

  it('below the tables is a 503 for all, until there is room', async () => {
    expect(await place(iin)).toMatchObject({ version: 1 });
    fill();
    await eventually(
      'somebody is sent away',
      () => many(64),
      (told) => !told.every(isAnswered),
      60_000,
    );
    expect(await place(another)).toBeUndefined();
    rmSync(ballast);
    await eventually('a placing', () => place(another), isAnswered);
    await expectWhole();
  }, 120_000);

  it('below the write-ahead log ends the server; started again where there is room it has everything', async () => {
    await many(64);
    fill();
    // Each needs another segment of the log, and sooner or later there is no place for one.
    const segment = async (): Promise<unknown> => {
      const { superuser, leave } = await database.again();
      const said: unknown = await superuser
        .query('SELECT pg_switch_wal(), txid_current()')
        .catch(({ severity }: { severity?: string }) => severity);
      await many(16);
      await leave();
      return said;
    };
    await eventually('the server ends', segment, (said) => said === 'PANIC', 60_000);
    rmSync(ballast);
    await cluster.startAgain();
    await eventually('a check', () => check(iin), isAnswered, 20_000);
    await expectWhole();
  }, 180_000);
});

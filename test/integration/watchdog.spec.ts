/** What the watchdog asks and what becomes of it in the public figures: also while the database is away, and when nobody asks. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { slotMs, type Reply } from '../../apps/clerk/watchdog/watchdog.js';
import { WatchdogService } from '../../apps/clerk/watchdog/watchdog.service.js';
import type { HourFigures } from '../../apps/log/figures/figures.js';
import { FiguresService } from '../../apps/log/figures/figures.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';

const hourMs = 3_600_000;
const good: Reply = {
  status: 201,
  body: {
    ...{ checkId: 'chk_1', verdict: 'clear' },
    receipt: { entry: JSON.stringify({ checkId: 'chk_1', verdict: 'clear' }) },
  },
};
const bad: Reply = { status: 503, body: {} };

let database: TestDatabase;
let clerk: DataSource;
let log: DataSource;
let now: number;
let reply: Reply;
let asked: number;
let isAway: boolean;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, newLookupKeys());
  clerk = await openDatabase(database.target('tyiym_clerk_worker'), { poolSize: 1 });
  log = await openDatabase(database.target('tyiym_log'), { poolSize: 1 });
});
beforeEach(async () => {
  await database.superuser.query('TRUNCATE figures');
  [now, reply, asked, isAway] = [Math.floor(Date.now() / hourMs) * hourMs, good, 0, false];
});
afterAll(async () => {
  await clerk.destroy();
  await log.destroy();
  await database.drop();
});

/** One that is in time for the present slot. */
const newWatchdog = (): WatchdogService => {
  const began = now - 2 * slotMs;
  let isNew = true;
  return new WatchdogService({
    tx: Object.assign(Object.create(clerk.manager) as EntityManager, {
      query: (sql: string, params: unknown[]) =>
        isAway ? Promise.reject(new Error('away')) : clerk.manager.query<unknown>(sql, params),
    }),
    client: {
      ask: () => {
        asked += 1;
        return Promise.resolve(reply);
      },
    },
    clock: () => {
      const at = isNew ? began : now;
      isNew = false;
      return at;
    },
  });
};
/** Asks in so many slots, one after the other. */
const askIn = async (watchdog: WatchdogService, slots: number): Promise<void> => {
  for (let slot = 0; slot < slots; slot += 1) {
    await watchdog.ask();
    now += slotMs;
  }
};
const checks = async () => (await new FiguresService(log.manager, [], () => 0).figures()).checks;
/** As the clerk's other duty makes it for every hour that is over. */
const overHours = (): Promise<unknown> =>
  database.superuser.query(
    `INSERT INTO figures SELECT 'checks', date_trunc('hour', now()) - n * interval '1 hour', 0 FROM generate_series(1, 2) AS n`,
  );

it('asks once in each slot of ten seconds, however often it looks', async () => {
  const watchdog = newWatchdog();
  for (let look = 0; look < 31; look += 1, now += 1000) await watchdog.ask();
  expect(asked).toBe(4);
});

it('the uptime is the part of what it asked that was answered', async () => {
  const watchdog = newWatchdog();
  await askIn(watchdog, 3);
  reply = bad;
  await askIn(watchdog, 1);
  await watchdog.tell();
  expect((await checks()).uptime).toBe(0.75);
  await watchdog.tell();
  expect((await checks()).uptime).toBe(0.75);
});

it('what was asked while the database was away is told when it is back, under its own hour', async () => {
  now -= hourMs;
  const watchdog = newWatchdog();
  isAway = true;
  reply = bad;
  await askIn(watchdog, 180);
  await expect(watchdog.tell()).rejects.toThrow('away');
  isAway = false;
  reply = good;
  now = Date.now();
  await watchdog.ask();
  await watchdog.tell();
  await overHours();
  const { hours, uptime } = await checks();
  expect(hours.at(-1)).toMatchObject({ uptime: 0, watched: 0.5 });
  expect(uptime).toBeCloseTo(1 / 181);
});

it('a question that was under way when the process was told to stop counts for nothing', async () => {
  const watchdog = newWatchdog();
  expect(await watchdog.ask(AbortSignal.abort())).toBeUndefined();
  await watchdog.tell();
  expect(asked).toBe(1);
  expect((await checks()).uptime).toBeNull();
});

describe('time in which nobody asked', () => {
  it('is unknown, and never up', async () => {
    await overHours();
    const { uptime, watched, hours } = await checks();
    expect({ uptime, watched }).toEqual({ uptime: null, watched: 0 });
    expect(hours.map((hour: HourFigures) => [hour.uptime, hour.watched])).toEqual([
      [null, 0],
      [null, 0],
    ]);
  });

  it('is said beside the uptime of the time in which somebody did', async () => {
    now -= hourMs;
    const watchdog = newWatchdog();
    await askIn(watchdog, 360);
    now = Date.now();
    await watchdog.tell();
    await overHours();
    const { uptime, watched, hours } = await checks();
    expect(uptime).toBe(1);
    expect(watched).toBeGreaterThan(0.039);
    expect(watched).toBeLessThan(0.042);
    expect(hours.map((hour: HourFigures) => [hour.uptime, hour.watched])).toEqual([
      [null, 0],
      [1, 1],
    ]);
  });

  it('is no more than all of it when two clerks ask', async () => {
    for (let clerks = 0; clerks < 2; clerks += 1) {
      now = Math.floor(Date.now() / hourMs) * hourMs - hourMs;
      const watchdog = newWatchdog();
      await askIn(watchdog, 360);
      now = Date.now();
      await watchdog.tell();
    }
    await overHours();
    expect((await checks()).hours.at(-1)).toMatchObject({ uptime: 1, watched: 1 });
  });
});

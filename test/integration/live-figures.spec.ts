/** From what lender processes measured to what anybody reads: each step as its own role. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Latencies } from '#libs/check/latency.js';
import { openDatabase } from '#libs/platform/database.js';
import { requestSeconds } from '#libs/platform/metrics.js';
import { keepLatencyFigures } from '../../apps/clerk/upkeep/live-figures.store.js';
import { countProbes } from '../../apps/clerk/watchdog/probes.store.js';
import { checkLatencies, LatencyWorker } from '../../apps/lender/latency/latency.worker.js';
import { FiguresService } from '../../apps/log/figures/figures.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';

let database: TestDatabase;
let lender: DataSource;
let clerk: DataSource;
let log: DataSource;
let now = 0;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, newLookupKeys());
  lender = await openDatabase(database.target('tyiym_lender'), { poolSize: 1 });
  clerk = await openDatabase(database.target('tyiym_clerk_worker'), { poolSize: 1 });
  log = await openDatabase(database.target('tyiym_log'), { poolSize: 1 });
});
beforeEach(async () => {
  await database.superuser.query('TRUNCATE check_latencies, figures');
});
afterAll(async () => {
  await lender.destroy();
  await clerk.destroy();
  await log.destroy();
  await database.drop();
});

const boundsMs = [1, 5, 10];
const shown = () => new FiguresService(log.manager, [], () => now).figures();
/** A process whose counts since its start are these, one after the other. */
const processOf = (...all: (readonly number[] | undefined)[]) =>
  new LatencyWorker(lender, () => {
    const counts = all.shift();
    return Promise.resolve<Latencies | undefined>(counts && { boundsMs, counts });
  });

it('what several processes measured within the last quarter of an hour becomes one p50 and one p99', async () => {
  const [one, other] = [processOf([90, 0, 0, 0], [95, 0, 0, 0]), processOf([0, 4, 0, 1])];
  await one.tell();
  await one.tell();
  await other.tell();
  await keepLatencyFigures(clerk.manager);
  const { checks } = await shown();
  expect(checks.p50Ms).toBeCloseTo(0.5, 1);
  expect(checks.p99Ms).toBeCloseTo(5, 1);
});

it('a minute without checks leaves no row, and no measurement no figure', async () => {
  const idle = processOf(undefined, [3, 0, 0, 0], [3, 0, 0, 0]);
  await idle.tell();
  await idle.tell();
  await idle.tell();
  const rows = await database.superuser.query('SELECT counts FROM check_latencies');
  expect(rows.rows).toEqual([{ counts: [3, 0, 0, 0] }]);
  await database.superuser.query('TRUNCATE check_latencies');
  await keepLatencyFigures(clerk.manager);
  expect((await shown()).checks).toMatchObject({ p50Ms: null, p99Ms: null });
});

it('what could not be told is told with the next minute', async () => {
  let isAway = true;
  const manager = new Proxy(lender.manager, {
    get: (target, name) =>
      name === 'query' && isAway
        ? () => Promise.reject(new Error('away'))
        : (Reflect.get(target, name) as unknown),
  });
  const reads = [
    [1, 0, 0, 0],
    [3, 0, 0, 0],
  ].map((counts) => ({ boundsMs, counts }));
  const worker = new LatencyWorker({ manager }, () => Promise.resolve(reads.shift()));
  await expect(worker.tell()).rejects.toThrow('away');
  isAway = false;
  await worker.tell();
  const { rows } = await database.superuser.query('SELECT counts FROM check_latencies');
  expect(rows).toEqual([{ counts: [3, 0, 0, 0] }]);
});

it('old measurements are left out, and dropped after an hour', async () => {
  await processOf([10, 0, 0, 0]).tell();
  await database.superuser.query(`UPDATE check_latencies SET at = at - interval '16 minutes'`);
  await keepLatencyFigures(clerk.manager);
  expect((await shown()).checks.p50Ms).toBeNull();
  await database.superuser.query(`UPDATE check_latencies SET at = at - interval '1 hour'`);
  await keepLatencyFigures(clerk.manager);
  expect((await database.superuser.query('SELECT FROM check_latencies')).rowCount).toBe(0);
});

it('the histogram of the metrics is read as counts of each bucket, only of checks that were made', async () => {
  requestSeconds.reset();
  const answered = (route: string, status: number, seconds: number) =>
    requestSeconds.observe({ method: 'POST', route, status }, seconds);
  expect(await checkLatencies()).toBeUndefined();
  answered('/v1/checks', 201, 0.0005);
  answered('/v1/checks', 201, 0.004);
  answered('/v1/checks', 201, 60);
  answered('/v1/checks', 503, 0.004);
  answered('/v1/loans', 201, 0.004);
  const read = await checkLatencies();
  expect(read?.boundsMs.slice(0, 3)).toEqual([1, 2.5, 5]);
  expect(read?.counts).toEqual([1, 0, 1, ...(read?.boundsMs.slice(3) ?? []).map(() => 0), 1]);
  requestSeconds.reset();
});

it('figures are gathered once in five seconds, however many ask', async () => {
  const service = new FiguresService(log.manager, [], () => now);
  const count = (isAnswered: boolean) => countProbes(clerk.manager, [{ agoMs: 0, isAnswered }]);
  await count(false);
  expect((await service.figures()).checks.uptime).toBe(0);
  await count(true);
  expect((await service.figures()).checks.uptime).toBe(0);
  now += 5000;
  expect((await service.figures()).checks.uptime).toBe(0.5);
});

it('a lender reads no measurement, and the log neither reads nor writes one', async () => {
  await expect(lender.query('SELECT * FROM check_latencies')).rejects.toThrow('permission denied');
  await expect(log.query('SELECT * FROM check_latencies')).rejects.toThrow('permission denied');
  await expect(log.query(`INSERT INTO figures VALUES ('checks', now(), 1)`)).rejects.toThrow('permission');
});

/**
 * The database alone, for comparison: per check one prepared select, one prepared insert and a commit straight through
 * `pg` on as many connections as the job says (16), without HTTP, receipt or journal. `plain` is a transaction of four
 * statements; `one` is the same as a single statement, which is the least a database can be asked.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createHistogram } from 'node:perf_hooks';
import pg from 'pg';
import { cpuBetween, cpuNow, type Watched } from './cpu.js';
import type { Round } from './job.js';

export interface StraightJob {
  readonly how: 'plain' | 'one';
  readonly connections: number;
  readonly ms: number;
  readonly database: pg.ClientConfig;
  readonly watched: Watched;
}

const pepper = randomBytes(32);
const insert = `INSERT INTO straight_checks (id, lender, subject, product, stage, loan_ref, verdict, at)`;

process.on('message', (job: StraightJob) => {
  round(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(1));

async function round({ how, connections, ms, database, watched }: StraightJob): Promise<Round> {
  const clients = Array.from({ length: connections }, () => new pg.Client(database));
  await Promise.all(clients.map((client) => client.connect()));
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  const before = cpuNow(watched);
  const startedAt = performance.now();
  let answered = 0;
  const lane = async (client: pg.Client): Promise<void> => {
    while (performance.now() < startedAt + ms) {
      const at = performance.now();
      await (how === 'plain' ? transaction(client) : statement(client));
      histogram.record(Math.max(1, Math.round((performance.now() - at) * 1000)));
      answered += 1;
    }
  };
  await Promise.all(clients.map(lane));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuBetween(before, cpuNow(watched));
  await Promise.all(clients.map((client) => client.end()));
  return {
    ...{ answered, seconds, cpu, verified: 0, faults: {} },
    p50: histogram.percentile(50) / 1000,
    p99: histogram.percentile(99) / 1000,
    max: histogram.max / 1000,
  };
}

async function transaction(client: pg.Client): Promise<void> {
  const subject = anybody();
  await client.query('BEGIN');
  const { rowCount } = await client.query({
    name: 'look',
    text: `SELECT in_force FROM straight_refusals WHERE subject = $1`,
    values: [subject],
  });
  await client.query({
    name: 'insert',
    text: `${insert} VALUES ($1, $2, $3, $4, $5, $6, $7, now())`,
    values: [...row(subject), rowCount === 1 ? 'refused' : 'clear'],
  });
  await client.query('COMMIT');
}

async function statement(client: pg.Client): Promise<void> {
  const subject = anybody();
  await client.query({
    name: 'both',
    text: `${insert} SELECT $1, $2, $3, $4, $5, $6,
      CASE WHEN EXISTS (SELECT FROM straight_refusals WHERE subject = $3) THEN 'refused' ELSE 'clear' END, now()
      RETURNING verdict`,
    values: row(subject),
  });
}

function row(subject: Buffer): unknown[] {
  return [randomUUID(), 'bank-alpha', subject, 'bank-loan', 'decision', 'straight'];
}

function anybody(): Buffer {
  return createHmac('sha256', pepper).update(String(Math.random())).digest();
}

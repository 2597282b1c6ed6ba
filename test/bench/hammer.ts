/**
 * The client of the bench, a process of its own so that its processor time can be told apart: takes a job, loads with
 * it, verifies a sample of the receipts meanwhile, and answers with the round. Whatever is wrong is a fault by name.
 */
import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import { request } from 'undici';
import { Connection, type Target } from './connection.js';
import { cpuBetween, cpuNow } from './cpu.js';
import type { Job, People, Round } from './job.js';
import { closedLoop, openLoop } from './loops.js';
import { peopleToAsk, Questions, type Asked, type Asking } from './questions.js';
import { Signatures } from './signatures.js';

/** One answer in so many, of large batches one item of each, is verified whole, the first of each round among them. */
const sampleEvery = 200;

process.on('message', (job: Job) => {
  round(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
// The bench that was killed cannot say so.
process.on('disconnect', () => process.exit(1));

let known: { readonly key: string; readonly people: readonly Asked[] } | undefined;

async function round(job: Job): Promise<Round> {
  const nonce = await nonceFor(job);
  const questions: Asking =
    job.placings === undefined
      ? new Questions(job, people(job.people), nonce)
      : new Signatures(job, job.placings, nonce);
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  const faults: Record<string, number> = {};
  const fault = (what: string): void => void (faults[what] = (faults[what] ?? 0) + 1);
  const checking = new Set<Promise<void>>();
  let answered = 0;

  const connections = await Promise.all(
    Array.from({ length: job.connections }, (_, place) => Connection.open(targetOf(job, place))),
  );
  const load = {
    request: (number: number) => questions.request(number),
    lost: (_: number, reason: string) => fault(`connection: ${reason}`),
    answer: (number: number, status: number, body: Buffer, latencyMs: number) => {
      histogram.record(Math.max(1, Math.round(latencyMs * 1000)));
      const wrong = questions.faultOf(number, status, body);
      if (wrong !== undefined) return fault(wrong);
      answered += job.batch ?? 1;
      if (job.asks === 'bare' || number % Math.ceil(sampleEvery / (job.batch ?? 1)) !== 0) return;
      const check: Promise<void> = questions
        .verify(number, body.toString())
        .catch((error: unknown) =>
          fault(`receipt: ${error instanceof Error ? error.message : String(error)}`),
        )
        .finally(() => checking.delete(check));
      checking.add(check);
    },
  };
  const before = cpuNow(job.watched);
  const startedAt = performance.now();
  await (job.perSecond === undefined
    ? closedLoop(connections, job.ms, load)
    : openLoop(connections, job.ms, job.perSecond, load));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuBetween(before, cpuNow(job.watched));
  await Promise.all(checking);
  for (const connection of connections) connection.close();
  const ms = (microseconds: number): number => microseconds / 1000;
  return {
    ...{ answered, seconds, faults, cpu, verified: questions.verified },
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
  };
}

function people(asked: People): readonly Asked[] {
  const key = JSON.stringify(asked);
  if (known?.key !== key) known = { key, people: peopleToAsk(asked) };
  return known.people;
}

function targetOf({ host, ports, tls }: Job, place: number): Target {
  const port = ports[place % ports.length] ?? 0;
  if (tls === undefined) return { host, port };
  const { caFile, certFile, keyFile } = tls;
  return {
    ...{ host, port },
    tls: { ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) },
  };
}

/** Any answer carries the nonce of its process. */
async function nonceFor({ dpop }: Job): Promise<string | undefined> {
  if (dpop === undefined) return undefined;
  const { headers, body } = await request(new URL('/livez', dpop.url));
  await body.dump();
  return headers['dpop-nonce']?.toString();
}

/**
 * `npm run bench -- --only floods`: what a bank that asks at a modest rate notices of a flood, beside as many harmless
 * requests. The two turns of a flood follow each other, round after round, and the bank's answers must all be right.
 */
import { mutualTlsJob } from './contestants.js';
import { flooding, floods, harmless, type Flood } from './flooding.js';
import type { Round } from './job.js';
import { readOptions } from './options.js';
import { faultsOf, median } from './report.js';
import { setStage, type Stage } from './stage.js';

/** Checks a second of the bank, over this many connections. */
const perSecond = 100;
const connections = 16;
const warmUpMs = 5000;

const { only, rounds, seconds, isJson } = readOptions(process.argv.slice(2));
const chosen = floods.filter(({ name }) => only.includes('floods') || only.includes(name));
if (chosen.length === 0) throw new Error(`there are ${floods.map(({ name }) => name).join(', ')}`);
const stage = await setStage({ clerkRests: true });
try {
  await turn(stage, harmless(perSecond), warmUpMs);
  for (const flood of chosen) {
    const done: { readonly calm: Round; readonly flooded: Round }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await stage.settle();
      const calm = await turn(stage, harmless(flood.perSecond), seconds * 1000);
      done.push({ calm, flooded: await turn(stage, flood, seconds * 1000) });
    }
    report(flood, done);
  }
} finally {
  await stage.close();
}
process.disconnect?.();

/** The bank asks while the flood runs. */
async function turn(on: Stage, flood: Flood, ms: number): Promise<Round> {
  const job = await mutualTlsJob(on, connections, ms);
  const [round] = await Promise.all([on.hammer.run({ ...job, perSecond }), flooding(on, flood, ms)]);
  process.stderr.write('.');
  return round;
}

function report(flood: Flood, done: readonly { readonly calm: Round; readonly flooded: Round }[]): void {
  const of = (kind: 'calm' | 'flooded', figure: 'p50' | 'p99'): number =>
    median(done.map((each) => each[kind][figure]));
  const faults = faultsOf(done.map(({ flooded }) => flooded));
  const line = {
    ...{ name: flood.name, perSecond: flood.perSecond, ratio: of('flooded', 'p99') / of('calm', 'p99') },
    calm: { p50: of('calm', 'p50'), p99: of('calm', 'p99') },
    flooded: { p50: of('flooded', 'p50'), p99: of('flooded', 'p99') },
    unavailable: faults['status 503'] ?? 0,
    faults,
  };
  console.log(isJson ? JSON.stringify(line) : inWords(line));
  if (Object.keys(faults).length > 0) process.exitCode = 1;
}

function inWords({
  name,
  ratio,
  calm,
  flooded,
  unavailable,
  faults,
}: {
  readonly name: string;
  readonly ratio: number;
  readonly calm: { readonly p50: number; readonly p99: number };
  readonly flooded: { readonly p50: number; readonly p99: number };
  readonly unavailable: number;
  readonly faults: Readonly<Record<string, number>>;
}): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const wrong = Object.entries(faults).map(([what, count]) => `wrong · ${what} · ${String(count)} times`);
  const first = `${name.padEnd(14)} p50 ${ms(calm.p50)} → ${ms(flooded.p50)}, p99 ${ms(calm.p99)} → ${ms(flooded.p99)} (${ratio.toFixed(2)}), ${String(unavailable)} × 503`;
  return [first, ...wrong].join('\n');
}

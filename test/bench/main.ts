/** The bench: every contestant in turn, round after round, so that a busy minute of the machine falls on all. */
import { contestants, type Best } from './contestants.js';
import { explained } from './explain.js';
import type { Round } from './job.js';
import { readOptions, type Options } from './options.js';
import { median, rateOf, summaryOf, table, type Row } from './report.js';
import { isSteady, soak, soakText } from './soak.js';
import { setStage, type Stage } from './stage.js';

/** Long enough for the engine to have compiled what a check runs, also TypeORM's part of it. */
const warmUpMs = 5000;

const options = readOptions(process.argv.slice(2));
// Two bureaus that seal, apply and stamp five hundred placings a second take more than a processor, and in a country they
// are somewhere else; what they cost is what --feed measures.
const isPlacing = options.only.length === 0 || options.only.some((name) => name.startsWith('placing'));
const stage = await setStage({ ...options, clerkRests: isPlacing });
let rows: readonly Row[] = [];
try {
  if (options.isExplaining) console.log(await explained(stage.sandbox));
  else if (options.soak !== undefined) await soaked(stage, options.soak);
  else rows = await measure(stage, options);
} finally {
  await stage.close();
}
const summaries = rows.map(summaryOf);
if (rows.length > 0) console.log(options.isJson ? JSON.stringify({ summaries, rows }) : table(summaries));
if (summaries.some(({ failed }) => failed > 0)) {
  console.error('some answers were wrong');
  process.exitCode = 1;
}
const unproven = summaries.filter(
  ({ name, verified }) => /^(mtls|dpop|open|typeorm|fsck|two|batch|placing)/.test(name) && verified === 0,
);
if (unproven.length > 0) {
  console.error(`no receipt was verified of ${unproven.map(({ name }) => name).join(', ')}`);
  process.exitCode = 1;
}
process.disconnect?.();

async function measure(on: Stage, { only, rounds, seconds, connections, isOnlyCorrect }: Options) {
  const chosen = contestants(connections).filter(
    ({ name }) => only.length === 0 || only.some((one) => name === one || name.startsWith(`${one}-`)),
  );
  if (chosen.length === 0) throw new Error('nobody has such a name');
  const results = chosen.map((contestant) => ({ contestant, rounds: [] as Round[] }));
  const best: Best = (name, count) =>
    median(
      results
        .filter(({ contestant }) => contestant.name === name && contestant.connections === count)
        .flatMap((result) => result.rounds.map(rateOf)),
    );
  // One turn of each name that does not count.
  const isFirst = ({ contestant: { name } }: (typeof results)[number], place: number): boolean =>
    chosen.findIndex((other) => other.name === name) === place;
  if (!isOnlyCorrect)
    for (const { contestant } of results.filter(isFirst))
      await turn(contestant.turn(on, contestant.warmUpMs ?? warmUpMs, best));
  for (let round = 0; round < rounds; round += 1) {
    if (!isOnlyCorrect) await on.settle();
    for (const { contestant, rounds: done } of results)
      done.push(await turn(contestant.turn(on, seconds * 1000, best)));
  }
  process.stderr.write('\n');
  return results.map(({ contestant: { name, connections: count }, rounds: done }) => ({
    ...{ name, connections: count, rounds: done },
  }));
}

async function turn(running: Promise<Round>): Promise<Round> {
  const round = await running;
  process.stderr.write('.');
  return round;
}

async function soaked(on: Stage, seconds: number): Promise<void> {
  const contestant = contestants([64]).find(({ name }) => name === 'mtls');
  if (contestant === undefined) throw new Error('nobody is called mtls');
  const held = await soak(on, contestant, seconds);
  console.log(options.isJson ? JSON.stringify(held) : soakText(held));
  if (!isSteady(held)) process.exitCode = 1;
}

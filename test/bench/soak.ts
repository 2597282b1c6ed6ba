/** One long load of checks, for what the lender's process comes to hold: its resident memory early and at the end. */
import { readFileSync } from 'node:fs';
import type { Contestant } from './contestants.js';
import type { Round } from './job.js';
import { faultsOf, rateOf } from './report.js';
import type { Stage } from './stage.js';

export interface Soak {
  readonly seconds: number;
  /** Checks a second over all of it. */
  readonly perSecond: number;
  /** What was wrong, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** Resident megabytes of the lender's process: once it has settled, and at the end. */
  readonly early: { readonly atSeconds: number; readonly megabytes: number };
  readonly megabytes: number;
}

/** What is allocated once is there by then. */
const settledAfterSeconds = 60;
/** A token is good for five minutes, so it is fetched anew for each slice. */
const sliceSeconds = 15;

/** How much more the process may hold at the end. */
const mostMore = 0.1;

/** Whether every answer was right and memory stayed as it was. */
export function isSteady({ faults, early, megabytes }: Soak): boolean {
  return Object.keys(faults).length === 0 && megabytes <= early.megabytes * (1 + mostMore);
}

/** @param contestant whose turns it is made of */
export async function soak(stage: Stage, contestant: Contestant, seconds: number): Promise<Soak> {
  const rounds: Round[] = [];
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1000;
  let early: Soak['early'] | undefined;
  while (elapsed() < seconds) {
    const slice = Math.min(sliceSeconds, Math.max(1, seconds - elapsed()));
    rounds.push(await contestant.turn(stage, slice * 1000, () => 0));
    process.stderr.write('.');
    if (early === undefined && elapsed() >= Math.min(settledAfterSeconds, seconds / 5))
      early = { atSeconds: Math.round(elapsed()), megabytes: residentMegabytes(stage) };
  }
  process.stderr.write('\n');
  const megabytes = residentMegabytes(stage);
  return {
    seconds: Math.round(elapsed()),
    perSecond: Math.round(rounds.reduce((sum, round) => sum + rateOf(round), 0) / rounds.length),
    faults: faultsOf(rounds),
    early: early ?? { atSeconds: Math.round(elapsed()), megabytes },
    megabytes,
  };
}

export function soakText({ seconds, perSecond, faults, early, megabytes }: Soak): string {
  const more = ((megabytes / early.megabytes - 1) * 100).toFixed(1);
  return [
    `${String(perSecond)} checks a second for ${String(seconds)} s`,
    ...Object.entries(faults).map(([what, count]) => `wrong · ${what} · ${String(count)} times`),
    `resident memory of the lender's process: ${String(early.megabytes)} MB after ${String(early.atSeconds)} s, ${String(megabytes)} MB at the end (${more} %)`,
  ].join('\n');
}

/** As the kernel counts it (proc(5), VmRSS in kB). */
function residentMegabytes(stage: Stage): number {
  const [pid = 0] = stage.lenders();
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

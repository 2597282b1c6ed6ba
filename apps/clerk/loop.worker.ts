/**
 * A duty of the clerk, again and again: at once, then a pause after each time, until the process stops. A failure never
 * ends it, because what is idempotent is simply done at the next turn; a row of failures is logged once, and its end.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { metrics } from '#libs/platform/metrics.js';
import { failureRecord } from '#libs/problem/failure-record.js';

/** An alarm when it goes on rising. */
const dutyFailures = new Counter({
  name: 'tyiym_clerk_duty_failures_total',
  help: 'Turns of a duty that failed.',
  labelNames: ['duty'],
  registers: [metrics],
});

const pauseAfterFailureMs = 1000;

export interface Duty {
  /** As the log names it. */
  readonly name: string;
  readonly everyMs: number;
  act(signal: AbortSignal): Promise<unknown>;
}

/** Duties under way together. */
export interface Duties {
  /** Resolves after the turns under way. */
  stop(): Promise<void>;
}

/** Begins duties, each under a signal of its own: one for all would gather a listener a duty, as a leak does. */
export function begin(duties: readonly Duty[], log: Logger): Duties {
  const running = duties.map((duty) => {
    const stopping = new AbortController();
    return { stopping, ended: loop(duty, log, stopping.signal) };
  });
  return {
    stop: async () => {
      for (const { stopping } of running) stopping.abort();
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
}

/** Resolves after the turn under way when `signal` aborts. */
export async function loop(duty: Duty, log: Logger, signal: AbortSignal): Promise<void> {
  let failed: string | undefined;
  while (!signal.aborted) {
    try {
      await duty.act(signal);
      if (failed !== undefined) log.info({ duty: duty.name }, 'a duty is done again');
      failed = undefined;
    } catch (error) {
      const failure = failureRecord(error);
      const isNew = failed !== describe(failure);
      if (isNew) log.error({ duty: duty.name, failure }, 'a duty failed');
      failed = describe(failure);
      dutyFailures.inc({ duty: duty.name });
    }
    // What waits for a bell has no pause of its own, and would fail as fast as it is rung.
    const pauseMs = failed === undefined ? duty.everyMs : Math.max(duty.everyMs, pauseAfterFailureMs);
    await wait(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function describe({ name, code, message }: ReturnType<typeof failureRecord>): string {
  return [name, code, message].join(' ');
}

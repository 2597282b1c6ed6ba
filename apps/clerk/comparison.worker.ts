/** The duty that holds refusals and entries against each other, and says when nobody is answered because of them. */
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { machineClock } from '#libs/platform/clock.js';
import { metrics } from '#libs/platform/metrics.js';
import { ComparisonService } from './comparison/comparison.service.js';
import type { Duty } from './loop.worker.js';

/** Must be zero: while one stands every app answers 503. */
const doubts = new Gauge({
  name: 'tyiym_clerk_doubts',
  help: 'Doubts that stand: 1 for each kind that this worker raised and has not settled.',
  labelNames: ['kind'],
  registers: [metrics],
});

const everyMs = 10_000;

export function comparisonDuty(tx: EntityManager, log: Logger): Duty {
  const comparison = new ComparisonService({
    ...{ tx, clock: machineClock },
    onDoubt: (kind, what) => {
      doubts.set({ kind }, 1);
      log.error({ kind, what }, 'nobody is answered: refusals and entries are in doubt');
    },
    onSettled: (kind) => {
      doubts.set({ kind }, 0);
      log.warn({ kind }, 'a doubt is settled');
    },
  });
  return { name: 'comparison', everyMs, act: (signal) => comparison.turn(signal) };
}

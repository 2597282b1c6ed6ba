/** The clerk's duty to verify acts of officials: until it has, what they loosen counts nowhere. */
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { metrics } from '#libs/platform/metrics.js';
import type { VerifyActsService } from './acts/verify-acts.service.js';
import type { Duty } from './loop.worker.js';

/** Should stay at zero: somebody appended an act that officials did not sign. */
const actsRefused = new Counter({
  name: 'tyiym_clerk_acts_refused_total',
  help: 'Acts of officials that do not hold, and so count for nobody.',
  registers: [metrics],
});

/** An operator waits at a terminal for it. */
const everyMs = 250;

export function actsDuty(acts: VerifyActsService, log: Logger): Duty {
  return {
    name: 'acts',
    everyMs,
    act: async () => {
      const { covered, refused } = await acts.verify();
      if (covered > 0) log.info({ covered }, 'acts of officials are verified');
      for (const act of refused) {
        actsRefused.inc();
        log.error({ act }, 'an act does not hold, and counts for nobody');
      }
    },
  };
}

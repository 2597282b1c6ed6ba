/** The duties of the watchdog: to ask whether checks are answered, and to tell the public figures. */
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { metrics } from '#libs/platform/metrics.js';
import type { Duty } from './loop.worker.js';
import type { Reply } from './watchdog/watchdog.js';
import type { WatchdogService } from './watchdog/watchdog.service.js';

/** `no` rising is an alarm: no bank is answered either. Neither rising is one, too: nobody knows. */
const probes = new Counter({
  name: 'tyiym_clerk_watchdog_questions_total',
  help: 'Checks that the watchdog asked, by whether they were answered: yes, no.',
  labelNames: ['answered'],
  registers: [metrics],
});

/** A second, because each slot of ten is asked in once, whatever a turn takes. */
const lookEveryMs = 1000;
const tellEveryMs = 5000;

export function watchdogDuties(
  watchdog: Pick<WatchdogService, 'ask' | 'tell'>,
  log: Logger,
): readonly Duty[] {
  let wasAnswered = true;
  return [
    {
      name: 'watchdog',
      everyMs: lookEveryMs,
      act: async (signal) => {
        const asked = await watchdog.ask(signal);
        if (asked === undefined) return;
        const { isAnswered, reply } = asked;
        probes.inc({ answered: isAnswered ? 'yes' : 'no' });
        if (isAnswered !== wasAnswered && isAnswered) log.info('checks are answered again');
        if (isAnswered !== wasAnswered && !isAnswered) log.error(whyNot(reply), 'a check was not answered');
        wasAnswered = isAnswered;
      },
    },
    { name: 'watchdog figures', everyMs: tellEveryMs, act: () => watchdog.tell() },
  ];
}

/** Of an answer only its status: what is in it may be about a person. */
function whyNot(reply: Reply): object {
  return 'status' in reply ? { status: reply.status } : { failure: reply.failure };
}

/** The duty that reads the files of the log again: once when the signer starts, and once a day. */
import type { Logger } from 'pino';
import type { Duty } from './loop.worker.js';
import type { MendingService } from './signer/mending.service.js';

const dayMs = 24 * 3_600_000;

export function mendingDuty(mending: Pick<MendingService, 'mend'>, log: Logger): Duty {
  return {
    name: 'mending',
    everyMs: dayMs,
    act: async (signal) => {
      const size = await mending.mend(signal).catch((error: unknown) => {
        // Told to stop, it goes on when the process is started again.
        if (!signal.aborted) throw error;
      });
      if (size !== undefined) log.info({ size }, 'every file of the log is as its leaves say');
    },
  };
}

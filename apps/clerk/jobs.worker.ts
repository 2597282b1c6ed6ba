/**
 * The jobs of graphile-worker: one task, `move-refusal`. The library takes jobs off the table and tries failed ones
 * again, later each time; this supervises it, because it gives up when the database stays away.
 */
import { Logger as JobLogger, run, type LogFunctionFactory, type TaskList } from 'graphile-worker';
import pg from 'pg';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { metrics } from '#libs/platform/metrics.js';
import { Problem } from '#libs/problem/problem.js';
import type { Duty } from './loop.worker.js';
import type { MoveRefusalService } from './moves/move-refusal.service.js';

/** Enough that a burst of lifts shares commits; each waits for one signature and one commit. */
const concurrency = 16;

const movesDone = new Counter({
  name: 'tyiym_clerk_moves_total',
  help: 'Due lifts and returns by outcome: lifted, cancelled, placed, early, outdated, failed.',
  labelNames: ['outcome'],
  registers: [metrics],
});

export interface Jobs {
  readonly duty: Duty;
  /** After the duty has ended. */
  close(): Promise<void>;
}

/** The duty runs until the library gives up or the process stops, and is begun again a second later. */
export function jobsOf(database: DatabaseTarget, moves: MoveRefusalService, log: Logger): Jobs {
  const { host, port, name, user, password } = database;
  const pgPool = new pg.Pool({
    host,
    port,
    database: name,
    user,
    password,
    application_name: 'tyiym-clerk-jobs',
  });
  // Without a listener a lost idle connection would end the process; the library notices by itself.
  pgPool.on('error', () => undefined);
  pgPool.on('connect', (client) => client.on('error', () => undefined));
  const options = {
    pgPool,
    concurrency,
    pollInterval: 1000,
    noHandleSignals: true,
    parsedCronItems: [],
    logger: new JobLogger(logFactory(log)),
    taskList: tasksOf(moves),
  };
  return {
    duty: {
      name: 'jobs',
      everyMs: 1000,
      act: async (signal) => {
        const runner = await run(options);
        const stop = (): void => void runner.stop().catch(() => undefined);
        signal.addEventListener('abort', stop, { once: true });
        await runner.promise.finally(() => signal.removeEventListener('abort', stop));
      },
    },
    close: () => pgPool.end(),
  };
}

function tasksOf(moves: MoveRefusalService): TaskList {
  return {
    'move-refusal': async (payload) => {
      try {
        movesDone.inc({ outcome: await moves.move(entryIndexOf(payload)) });
      } catch (error) {
        movesDone.inc({ outcome: 'failed' });
        // The library stores the message with the job; a Problem's is its code, others may say too much.
        throw error instanceof Problem ? error : new Error('the move failed', { cause: error });
      }
    },
  };
}

function entryIndexOf(payload: unknown): number {
  const { entryIndex } = payload as { entryIndex?: unknown };
  if (!Number.isSafeInteger(entryIndex)) throw new Error('a job without an entry');
  return entryIndex as number;
}

/** What the library says goes to our log without its objects, which hold the rows of jobs. */
function logFactory(log: Logger): LogFunctionFactory {
  return () => (level, message, meta) => {
    const line = { from: 'graphile-worker', ...(meta?.['error'] !== undefined && { failed: true }) };
    if (String(level) === 'error') log.error(line, message);
    else if (String(level) === 'warning') log.warn(line, message);
    else log.debug(line, message);
  };
}

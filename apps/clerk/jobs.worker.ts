/**
 * The jobs of graphile-worker: one task, `move-refusal`. The library takes jobs off the table and tries failed ones
 * again, later each time; this supervises it, because it gives up when the database stays away.
 */
import { EventEmitter } from 'node:events';
import {
  Logger as JobLogger,
  makeWorkerUtils,
  run,
  type LogFunctionFactory,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import pg from 'pg';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { clientOptions, type DatabaseTarget } from '#libs/platform/database.js';
import { metrics } from '#libs/platform/metrics.js';
import { Problem } from '#libs/problem/problem.js';
import type { Duty } from './loop.worker.js';
import type { MoveAlarm, MoveRefusalService } from './moves/move-refusal.service.js';

/** Enough that a burst of lifts shares commits; each waits for one signature and one commit. */
const concurrency = 8;
/** About three seconds of all of them failing. */
const failuresToGiveUp = 3 * concurrency;

const movesDone = new Counter({
  name: 'tyiym_clerk_moves_total',
  help: 'Due lifts and returns by outcome: lifted, cancelled, placed, early, outdated, refused, failed.',
  labelNames: ['outcome'],
  registers: [metrics],
});

/** Each is an attack or a fault of the database: a row demanded what entries and signatures do not bear out. */
const moveAlarms = new Counter({
  name: 'tyiym_clerk_move_alarms_total',
  help: 'Lifts and returns that entries, heads and signatures contradict, by fault.',
  labelNames: ['fault'],
  registers: [metrics],
});

/** Tells the operator of a move that was not borne out; the row in `move_alarms` stays. */
export function tellOfMoves(log: Logger): (alarm: MoveAlarm) => void {
  return ({ entryIndex, fault }) => {
    moveAlarms.inc({ fault });
    log.error({ entryIndex, fault }, 'a move that entries and signatures do not bear out was demanded');
  };
}

export interface Jobs {
  readonly duties: readonly Duty[];
  /** After the duties have ended. */
  close(): Promise<void>;
}

/** The first duty runs until the library gives up or the process stops, and is begun again a second later. */
export function jobsOf(database: DatabaseTarget, moves: MoveRefusalService, log: Logger): Jobs {
  const pgPool = new pg.Pool({ ...clientOptions(database), application_name: 'tyiym-clerk-jobs' });
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
  const work: Duty = {
    name: 'jobs',
    everyMs: 1000,
    act: async (signal) => {
      const events: WorkerEvents = new EventEmitter();
      const runner = await run({ ...options, events });
      const stop = (): void => void runner.stop().catch(() => undefined);
      const failures = failuresOf(events, stop);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      await runner.promise.finally(() => signal.removeEventListener('abort', stop));
      if (failures.inARow >= failuresToGiveUp) throw new Error('no job could be taken from the table');
    },
  };
  // A job that was asked for again leaves its killed or exhausted forerunner behind.
  const cleanUp: Duty = {
    name: 'old jobs',
    everyMs: 3_600_000,
    act: async () => {
      const utils = await makeWorkerUtils(options);
      await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] }).finally(() => utils.release());
    },
  };
  return { duties: [work, cleanUp], close: () => pgPool.end() };
}

/**
 * Counts look-ups for jobs that failed in a row. The library would go on for ever, and it keeps the failure of its very
 * first look-up for good: a database lost while it starts would leave it without jobs until somebody restarts it.
 */
function failuresOf(events: WorkerEvents, giveUp: () => void): { readonly inARow: number } {
  const failures = { inARow: 0 };
  const succeeded = (): void => void (failures.inARow = 0);
  events.on('worker:getJob:empty', succeeded).on('job:start', succeeded);
  events.on('worker:getJob:error', () => {
    failures.inARow += 1;
    if (failures.inARow === failuresToGiveUp) giveUp();
  });
  return failures;
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

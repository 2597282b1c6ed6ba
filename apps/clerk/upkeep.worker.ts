/** The duties of the clerk's worker process that no job asks for. Each is idempotent and safe to be done by two at once. */
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import type { DataSource } from 'typeorm';
import { metrics } from '#libs/platform/metrics.js';
import type { Duty } from './loop.worker.js';
import type { HarvestingService } from './harvesting/harvesting.service.js';
import type { PeopleAskedService } from './harvesting/people-asked.service.js';
import type { MoveRefusalService } from './moves/move-refusal.service.js';
import type { NoticesService } from './notices/notices.service.js';
import type { StalePlacingsService } from './stale/stale-placings.service.js';
import { keepFigures } from './upkeep/figures.store.js';
import {
  dropExpiredOpenings,
  dropOldKeys,
  dropOldLimits,
  endStuckBackends,
  keepPartitions,
} from './upkeep/upkeep.store.js';
import { keepLatencyFigures } from './upkeep/live-figures.store.js';

/** Should stay at zero: a session kept the head for more than two seconds, or took its time-outs off. */
const backendsEnded = new Counter({
  name: 'tyiym_clerk_backends_ended_total',
  help: 'Database sessions that were ended because they kept the head of the Journal or took their time-outs off, by role.',
  labelNames: ['role'],
  registers: [metrics],
});

/** Should stay at zero but after a killed worker. */
const movesFound = new Counter({
  name: 'tyiym_clerk_lost_moves_total',
  help: 'Due moves whose job was lost and asked for again.',
  registers: [metrics],
});

/** Placings taken on an old revocation list, by what the authority said later. */
const staleAnswers = new Counter({
  name: 'tyiym_clerk_stale_placings_total',
  help: 'Placings on a stale revocation list, asked again: good, revoked.',
  labelNames: ['answer'],
  registers: [metrics],
});

/** Each a call to the lender. */
const harvesting = new Counter({
  name: 'tyiym_clerk_harvesting_suspected_total',
  help: 'Windows in which a lender was suspected of harvesting, by lender and reason.',
  labelNames: ['lender', 'reason'],
  registers: [metrics],
});

const noticesMade = new Counter({
  name: 'tyiym_clerk_notices_total',
  help: 'Notices to lenders that a refusal was placed.',
  registers: [metrics],
});

export interface UpkeepSettings {
  readonly dataSource: DataSource;
  readonly moves: MoveRefusalService;
  readonly stale: StalePlacingsService;
  readonly harvesting: HarvestingService;
  readonly peopleAsked: PeopleAskedService;
  readonly notices: NoticesService;
  readonly log: Logger;
}

/** What the worker does beside its jobs. */
export function upkeepOf({
  dataSource,
  moves,
  stale,
  notices,
  log,
  ...guards
}: UpkeepSettings): readonly Duty[] {
  const tx = dataSource.manager;
  return [
    {
      name: 'stuck sessions',
      everyMs: 1000,
      act: async () => {
        for (const { role, reason } of await endStuckBackends(tx)) {
          backendsEnded.inc({ role });
          log.error({ role, reason }, 'a database session was ended');
        }
      },
    },
    {
      name: 'lost moves',
      everyMs: 10_000,
      act: async () => {
        const found = await moves.findLost();
        if (found === 0) return;
        movesFound.inc(found);
        log.warn({ found }, 'due moves had lost their jobs');
      },
    },
    {
      name: 'notices',
      // A lender is told within a second of a placing: this is most of what it takes.
      everyMs: 200,
      act: async (signal) => noticesMade.inc(await notices.make(signal)),
    },
    {
      name: 'stale placings',
      everyMs: 60_000,
      act: () =>
        stale.askAgain(({ entryIndex, answer }) => {
          staleAnswers.inc({ answer });
          if (answer === 'revoked')
            log.warn({ entryIndex }, 'a placing was signed with a revoked certificate');
        }),
    },
    {
      name: 'harvesting',
      everyMs: 60_000,
      act: async () => {
        for (const alarm of await guards.harvesting.look()) {
          for (const reason of alarm.reasons) harvesting.inc({ lender: alarm.lender, reason });
          log.warn({ alarm }, 'a lender is suspected of harvesting');
        }
      },
    },
    {
      name: 'people asked',
      // What a lender asks beyond its ceiling is what it asks between two looks.
      everyMs: 5000,
      act: async () => {
        for (const alarm of await guards.peopleAsked.look()) {
          harvesting.inc({ lender: alarm.lender, reason: 'people-a-day' });
          log.warn({ alarm }, 'a lender has asked about half of the people that it may ask about today');
        }
      },
    },
    ...housekeeping(dataSource, log),
  ];
}

/** What has to be there tomorrow, and what need not be any more. */
function housekeeping(dataSource: DataSource, log: Logger): readonly Duty[] {
  const tx = dataSource.manager;
  return [
    {
      name: 'partitions',
      everyMs: 60_000,
      act: async () => {
        const made = await dataSource.transaction(keepPartitions);
        if (made > 0) log.info({ made }, 'partitions were made');
      },
    },
    {
      name: 'old keys',
      everyMs: 60_000,
      act: async () => {
        const dropped = await dataSource.transaction(dropOldKeys);
        if (dropped > 0) log.info({ dropped }, 'partitions of old idempotency keys were dropped');
      },
    },
    {
      name: 'expired openings',
      everyMs: 60_000,
      act: async (signal) => {
        const dropped = await dropExpiredOpenings(tx, signal);
        if (dropped > 0) log.info({ dropped }, 'openings that expired unsigned were deleted');
      },
    },
    { name: 'old limits', everyMs: 60_000, act: () => dropOldLimits(tx) },
    { name: 'figures', everyMs: 60_000, act: () => keepFigures(tx) },
    { name: 'live figures', everyMs: 60_000, act: () => keepLatencyFigures(tx) },
  ];
}

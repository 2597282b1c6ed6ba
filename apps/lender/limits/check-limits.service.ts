/**
 * The quota of each lender's checks, counted in memory: no database round trip lies on a check's path. Each process
 * counts against its share of the quota (share.ts), which it settles with the others once a second; while the database
 * is away it keeps the share it has, and makes no checks anyway.
 *
 * To call it from a hand-written route:
 *
 *     const standing = await limits.take(party.clientId, items);
 *     answerWith(reply, standing);   // two header fields; throws `too-many-requests` when refused
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Counter } from 'prom-client';
import { DataSource } from 'typeorm';
import {
  limitField,
  policyField,
  secondsOf,
  type LimitPolicy,
  type Standing,
} from '#libs/platform/limits/standing.js';
import { machineClock } from '#libs/platform/clock.js';
import { metrics } from '#libs/platform/metrics.js';
import { CHECK_QUOTA } from '#libs/platform/registry-tokens.js';
import { floorOf, shareOf } from './share.js';
import {
  claim,
  leave,
  othersOf,
  peopleAskedToday,
  type ClosedLender,
  type LenderClaim,
  type Others,
} from './shares.store.js';

/** Checks of a second, and what may come beyond in any minute. */
export interface CheckQuota {
  readonly perSecond: number;
  readonly beyondPerMinute: number;
}

const checksRefused = new Counter({
  name: 'tyiym_limited_checks_total',
  help: 'Checks refused with too-many-requests, items of batches each, by lender.',
  labelNames: ['party'],
  registers: [metrics],
});

const beatMs = 1000;
/** So long without a check, a lender is forgotten until it asks again. */
const quietBeats = 60;
const beyondS = 60;

/** One lender in this process. */
interface Lender {
  readonly second: RateLimiterMemory;
  readonly beyond: RateLimiterMemory;
  readonly both: BurstyRateLimiter;
  quota: CheckQuota;
  policy: string;
  /** Checks asked for since the last beat. */
  asked: number;
  /** Checks asked for in the last second; falls by halves, so that a pause does not give everything away. */
  demand: number;
  quiet: number;
}

@Injectable()
export class CheckLimits implements OnModuleInit, OnModuleDestroy {
  private readonly process = randomUUID();
  private readonly lenders = new Map<string, Lender>();
  /** Who is not answered any more today, and until when in ms of this machine's clock. */
  private closed: ReadonlyMap<string, { readonly ceiling: number; readonly until: number }> = new Map();
  private processes = 1;
  private isKnown = false;
  private isBeating = false;
  private beating: NodeJS.Timeout | undefined;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CHECK_QUOTA) private readonly quotaOf: (clientId: string) => CheckQuota,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.beat();
    this.beating = setInterval(() => void this.beat(), beatMs);
    this.beating.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.beating);
    // A process that cannot say so is missed after three seconds.
    await leave(this.dataSource.manager, this.process).catch(() => undefined);
  }

  /**
   * Counts checks of a lender; all of them or none. Of what is refused nothing is charged but the second it came in.
   * @param points 1, or the number of items of a batch
   */
  async take(clientId: string, points = 1): Promise<Standing> {
    const lender = this.lenders.get(clientId) ?? this.begin(clientId);
    lender.asked += points;
    try {
      const { remainingPoints, msBeforeNext } = await lender.both.consume(clientId, points);
      return { policy: lender.policy, limit: limitField('checks', remainingPoints, msBeforeNext) };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      checksRefused.inc({ party: clientId }, points);
      const { msBeforeNext: minuteMs } = await lender.beyond.reward(clientId, points);
      const ms = this.waitMs(lender, points, minuteMs);
      return { policy: lender.policy, limit: limitField('checks', 0, ms), retryAfterS: secondsOf(ms) };
    }
  }

  /** Refuses a lender that has asked about as many people today as it may; undefined when it may go on. */
  closedFor(clientId: string): (Standing & { readonly retryAfterS: number }) | undefined {
    const closed = this.closed.get(clientId);
    const leftMs = (closed?.until ?? 0) - machineClock();
    if (closed === undefined || leftMs <= 0) return undefined;
    return {
      policy: policyField([{ name: 'people-a-day', quota: closed.ceiling, windowS: 86_400 }]),
      limit: limitField('people-a-day', 0, leftMs),
      retryAfterS: secondsOf(leftMs),
    };
  }

  /** People a lender has asked about today, as the clerk counted them last; undefined when none were counted. */
  peopleAsked(clientId: string): ReturnType<typeof peopleAskedToday> {
    return peopleAskedToday(this.dataSource.manager, clientId);
  }

  /** The limits of a lender over all processes, as it is shown them. */
  policiesOf(clientId: string): readonly LimitPolicy[] {
    return policiesOf(this.quotaOf(clientId));
  }

  /** Settles shares with the other processes. While the database is away everybody keeps the share he has. */
  async beat(): Promise<void> {
    if (this.isBeating) return;
    this.isBeating = true;
    try {
      const own = this.demandOf();
      const { processes, closed, settled } = await this.dataSource.transaction(async (tx) => {
        const others = await othersOf(tx, this.process);
        const claims = own.map((each) => this.settle(each, others));
        await claim(tx, this.process, claims);
        return { processes: others.processes, closed: others.closed, settled: claims };
      });
      // Only what is committed counts, because the others reckon with it.
      this.processes = processes;
      this.isKnown = true;
      this.closed = closedUntil(closed);
      for (const { lender, held } of settled) this.hold(lender, held);
    } catch {
      // The next beat tries again; who cannot reach the database is told so by every check.
    } finally {
      this.isBeating = false;
    }
  }

  /** What each lender asked of this process since the last beat; those long silent are forgotten. */
  private demandOf(): readonly Omit<LenderClaim, 'held'>[] {
    return [...this.lenders].map(([lender, each]) => {
      each.demand = Math.max(each.asked, Math.floor(each.demand / 2));
      each.quiet = each.asked === 0 ? each.quiet + 1 : 0;
      each.asked = 0;
      if (each.quiet > quietBeats) this.lenders.delete(lender);
      return { lender, demand: each.demand };
    });
  }

  private settle({ lender, demand }: Omit<LenderClaim, 'held'>, { processes, claims }: Others): LenderClaim {
    const quota = this.quotaOf(lender).perSecond;
    const others = claims.filter((other) => other.lender === lender);
    return { lender, demand, held: shareOf({ quota, processes, demand, others, isKnown: this.isKnown }) };
  }

  private begin(clientId: string): Lender {
    const second = new RateLimiterMemory({ points: 0, duration: beatMs / 1000, keyPrefix: '' });
    const beyond = new RateLimiterMemory({ points: 0, duration: beyondS, keyPrefix: '' });
    const both = new BurstyRateLimiter(second, beyond);
    const quota = this.quotaOf(clientId);
    const lender = { second, beyond, both, quota, policy: '', asked: 0, demand: 0, quiet: 0 };
    this.lenders.set(clientId, lender);
    this.hold(clientId, floorOf(quota.perSecond, this.processes));
    return lender;
  }

  /** How long until so many could be answered. */
  private waitMs({ second, beyond, quota }: Lender, points: number, minuteMs: number): number {
    if (points <= second.points) return beatMs;
    if (points <= beyond.points) return minuteMs;
    // More than this process's share, which follows what is asked of it within two beats.
    return points <= quota.beyondPerMinute ? 2 * beatMs : beyondS * 1000;
  }

  /** Counts against this share from now on. */
  private hold(clientId: string, share: number): void {
    const lender = this.lenders.get(clientId);
    if (lender === undefined) return;
    lender.quota = this.quotaOf(clientId);
    const { perSecond, beyondPerMinute } = lender.quota;
    lender.policy = policyField(policiesOf(lender.quota));
    lender.second.points = share;
    lender.beyond.points = Math.floor((beyondPerMinute * share) / perSecond);
  }
}

function policiesOf({ perSecond, beyondPerMinute }: CheckQuota): readonly LimitPolicy[] {
  return [
    { name: 'checks', quota: perSecond, windowS: 1 },
    { name: 'checks-beyond', quota: beyondPerMinute, windowS: beyondS },
  ];
}

/** The beat brings how long it is until then, because only the database knows registry time. */
function closedUntil(
  closed: readonly ClosedLender[],
): ReadonlyMap<string, { readonly ceiling: number; readonly until: number }> {
  const now = machineClock();
  return new Map(closed.map(({ lender, ceiling, leftMs }) => [lender, { ceiling, until: now + leftMs }]));
}

/**
 * Limits of everything but checks, counted in PostgreSQL so that all processes of an app count together: per party, or
 * per network address where nobody is known yet. Never per person: whoever asked in his name would keep the citizen
 * himself from placing. While the counters cannot be reached each process counts alone, in memory, because a broken
 * limiter must keep nobody from placing; the limits then hold per process.
 */
import assert from 'node:assert/strict';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  RLWrapperTimeouts,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import type { DataSource } from 'typeorm';
import { failureRecord } from '#libs/problem/failure-record.js';
import { metrics } from '../metrics.js';
import { limitField, policyField, secondsOf, type LimitPolicy, type Standing } from './standing.js';

/** Above zero for long: somebody runs wild, or his quota is too small. */
const callsRefused = new Counter({
  name: 'tyiym_limited_calls_total',
  help: 'Calls refused with too-many-requests, by policy and party; the party is empty for addresses.',
  labelNames: ['policy', 'party'],
  registers: [metrics],
});

const countedInMemory = new Counter({
  name: 'tyiym_limits_in_memory_total',
  help: 'Calls counted by this process alone, because the counters in the database could not be reached.',
  registers: [metrics],
});

/** Calls of a minute that a party may make. */
export interface CallQuota {
  readonly reads: number;
  readonly acts: number;
}
export type CallKind = keyof CallQuota;

export interface CallLimitsSettings {
  readonly dataSource: DataSource;
  /** Counts of one app are none of another's: row-level security says the same. */
  readonly app: string;
  /** Absent in an app that knows nobody who calls. */
  readonly quotaOf?: (clientId: string) => CallQuota;
  /** Calls of a minute from one network address. */
  readonly perAddress: number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

const windowS = 60;
/** Longer than any upsert takes, and short for somebody who waits. */
const patienceMs = 500;

/** One policy with one quota. */
interface Limiter {
  readonly policy: string;
  /** Over all processes. */
  readonly together: RateLimiterAbstract;
  /** In this process, while the other cannot be had. */
  readonly alone: RateLimiterAbstract;
}

export class CallLimits {
  /** A handful, because quotas are rows of the regime. */
  private readonly limiters = new Map<string, Limiter>();
  private isAway = false;

  constructor(private readonly settings: CallLimitsSettings) {}

  /** Counts a call of a party. */
  take(kind: CallKind, clientId: string): Promise<Standing> {
    const quota = this.quotaOf(clientId)[kind];
    return this.count({ name: kind, quota, windowS }, clientId, clientId);
  }

  /** Counts a call of nobody known. @param address as `callerAddress` gives it */
  takeAddress(address: string): Promise<Standing> {
    return this.count({ name: 'address', quota: this.settings.perAddress, windowS }, address, '');
  }

  /** The limits of a party, as it is shown them. */
  policiesOf(clientId: string): readonly LimitPolicy[] {
    const { reads, acts } = this.quotaOf(clientId);
    return [
      { name: 'reads', quota: reads, windowS },
      { name: 'acts', quota: acts, windowS },
    ];
  }

  private quotaOf(clientId: string): CallQuota {
    assert(this.settings.quotaOf !== undefined, 'this app knows nobody who calls');
    return this.settings.quotaOf(clientId);
  }

  private async count(policy: LimitPolicy, key: string, party: string): Promise<Standing> {
    const limiter = this.limiterOf(policy);
    try {
      const { remainingPoints, msBeforeNext } = await this.consume(limiter, key);
      return { policy: limiter.policy, limit: limitField(policy.name, remainingPoints, msBeforeNext) };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      callsRefused.inc({ policy: policy.name, party });
      const { msBeforeNext } = refused;
      return {
        policy: limiter.policy,
        limit: limitField(policy.name, 0, msBeforeNext),
        retryAfterS: secondsOf(msBeforeNext),
      };
    }
  }

  /** What the library's `insuranceLimiter` would do, but seen by the operator. @throws RateLimiterRes when refused */
  private async consume({ together, alone }: Limiter, key: string): Promise<RateLimiterRes> {
    try {
      const counted = await together.consume(key);
      if (this.isAway) this.settings.log.info({}, 'calls are counted by all processes together again');
      this.isAway = false;
      return counted;
    } catch (error) {
      if (error instanceof RateLimiterRes) throw error;
      countedInMemory.inc();
      if (!this.isAway)
        this.settings.log.warn({ failure: failureRecord(error) }, 'calls are counted by each process alone');
      this.isAway = true;
      return alone.consume(key);
    }
  }

  private limiterOf(policy: LimitPolicy): Limiter {
    const { name, quota } = policy;
    const known = this.limiters.get(`${name}:${quota}`);
    if (known !== undefined) return known;
    const { dataSource, app } = this.settings;
    const limits = { points: quota, duration: windowS, keyPrefix: `${app}:${name}` };
    const inDatabase = new RateLimiterPostgres({
      ...limits,
      storeClient: dataSource,
      storeType: 'typeorm',
      tableName: 'rate_limits',
      tableCreated: true,
      // The clerk's part, once for all processes.
      clearExpiredByTimeout: false,
      // Whoever has used it up is refused without the database until his window ends.
      inMemoryBlockOnConsumed: quota,
    });
    const limiter = {
      policy: policyField([policy]),
      together: new RLWrapperTimeouts({ limiter: inDatabase, timeoutMs: patienceMs }),
      alone: new RateLimiterMemory(limits),
    };
    this.limiters.set(`${name}:${quota}`, limiter);
    return limiter;
  }
}

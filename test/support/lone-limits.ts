/** Limits of an app without a database: each process counts alone, as it does while the counters are away. */
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { CallLimits } from '#libs/platform/limits/call-limits.service.js';

/** What an app that is no registry gives its guards. */
export function loneLimits(): CallLimits {
  return new CallLimits({
    dataSource: new DataSource({ type: 'postgres' }),
    app: 'lender',
    quotaOf: () => ({ reads: 10_000, acts: 10_000 }),
    perAddress: 10_000,
    log: pino({ level: 'silent' }),
  });
}

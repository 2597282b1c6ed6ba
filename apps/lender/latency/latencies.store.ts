/** SQL of what a lender process measured. */
import type { EntityManager } from 'typeorm';
import type { Latencies } from '#libs/check/latency.js';

/** Adds a minute of this process. */
export async function insertLatencies(
  tx: EntityManager,
  process: string,
  { boundsMs, counts }: Latencies,
): Promise<void> {
  await tx.query('INSERT INTO check_latencies (process, bounds_ms, counts) VALUES ($1, $2, $3)', [
    process,
    boundsMs,
    counts,
  ]);
}

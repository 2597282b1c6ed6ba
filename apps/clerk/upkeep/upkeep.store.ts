/** SQL that keeps the database able to go on: partitions ahead of time, old keys gone, nobody stuck on the head. */
import type { EntityManager } from 'typeorm';

/** What a turn of upkeep changed. */
export interface Upkeep {
  readonly partitionsMade: number;
  readonly partitionsDropped: number;
}

const daysAhead = 14;
/** Two workers at once would both find the same partition missing. */
const lockNumber = 7_496_494_900_002n;

/** Makes partitions a fortnight ahead and drops the keys that are over 72 h old in whole. `tx` is a transaction. */
export async function keepPartitions(tx: EntityManager): Promise<Upkeep> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [lockNumber.toString()]);
  const rows: Upkeep[] = await tx.query(
    `SELECT make_partitions($1) AS "partitionsMade", drop_old_idempotency_keys() AS "partitionsDropped"`,
    [daysAhead],
  );
  return rows[0] ?? { partitionsMade: 0, partitionsDropped: 0 };
}

/** Ends backends that have held the head for more than 2 s. @returns how many. */
export async function endStuckBackends(tx: EntityManager): Promise<number> {
  const rows: { ended: number }[] = await tx.query('SELECT end_stuck_backends() AS ended');
  return rows[0]?.ended ?? 0;
}

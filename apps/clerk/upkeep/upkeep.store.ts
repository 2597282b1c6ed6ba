/** SQL that keeps the database able to go on: partitions ahead of time, old keys gone, nobody stuck on the head. */
import type { EntityManager } from 'typeorm';

const daysAhead = 14;
/** Two workers at once would both find the same partition missing. */
const lockNumber = 7_496_494_900_002n;

/** Makes partitions a fortnight ahead. `tx` is a transaction. @returns how many were missing. */
export async function keepPartitions(tx: EntityManager): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [lockNumber.toString()]);
  const rows: { made: number }[] = await tx.query('SELECT make_partitions($1) AS made', [daysAhead]);
  return rows[0]?.made ?? 0;
}

/**
 * Drops the keys that are over 72 h old in whole. `tx` is a transaction of its own, because it waits for every reader
 * of keys: a backup that takes hours must not keep the partitions of tomorrow from being made.
 * @returns how many partitions. @throws while somebody reads keys.
 */
export async function dropOldKeys(tx: EntityManager): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [lockNumber.toString()]);
  const rows: { dropped: number }[] = await tx.query('SELECT drop_old_idempotency_keys() AS dropped');
  return rows[0]?.dropped ?? 0;
}

/** Deletes counts of calls whose window has ended. @returns how many. */
export async function dropOldLimits(tx: EntityManager): Promise<number> {
  const rows: { dropped: number }[] = await tx.query(
    `WITH gone AS (DELETE FROM rate_limits WHERE expire < extract(epoch FROM clock_timestamp()) * 1000 RETURNING 1)
     SELECT count(*)::integer AS dropped FROM gone`,
  );
  return rows[0]?.dropped ?? 0;
}

/** So few that a statement stays far below the time that a transaction may take. */
const openingsAtOnce = 2000;

/** Deletes openings that expired four days ago unsigned, until none is left or `signal` ends it. @returns how many. */
export async function dropExpiredOpenings(tx: EntityManager, signal?: AbortSignal): Promise<number> {
  let dropped = 0;
  for (let last = openingsAtOnce; last === openingsAtOnce && signal?.aborted !== true; dropped += last) {
    const rows: { dropped: number }[] = await tx.query('SELECT drop_expired_openings($1) AS dropped', [
      openingsAtOnce,
    ]);
    last = rows[0]?.dropped ?? 0;
  }
  return dropped;
}

/** A session that was ended: whose it was and why. */
export interface EndedSession {
  readonly role: string;
  readonly reason: string;
}

/** Ends the sessions that keep the head from moving since two seconds, and those that took their time-outs off. */
export async function endStuckBackends(tx: EntityManager): Promise<readonly EndedSession[]> {
  return await tx.query<EndedSession[]>('SELECT role, reason FROM end_stuck_backends()');
}

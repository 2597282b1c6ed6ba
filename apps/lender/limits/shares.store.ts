/** SQL by which the processes of this app share out quotas. Time is the database's own, and no registry time. */
import type { EntityManager } from 'typeorm';
import type { Claim } from './share.js';

/** Processes take their shares one after another. */
const lockNumber = 7_496_494_900_010n;

/** A claim on the quota of one lender. */
export interface LenderClaim extends Claim {
  /** Client id. */
  readonly lender: string;
}

export interface Others {
  /** Processes that live, this one counted. */
  readonly processes: number;
  /** Claims of the other ones. */
  readonly claims: readonly LenderClaim[];
}

/**
 * Says that this process lives, forgets those that died, and reads what the others hold. `tx` is a transaction; until
 * its end no other process takes anything.
 */
export async function othersOf(tx: EntityManager, process: string): Promise<Others> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [lockNumber.toString()]);
  await tx.query(
    `DELETE FROM lender_processes WHERE beat_at < clock_timestamp() - interval '3 seconds' AND process <> $1`,
    [process],
  );
  await tx.query(
    `INSERT INTO lender_processes (process, beat_at) VALUES ($1, clock_timestamp())
     ON CONFLICT (process) DO UPDATE SET beat_at = excluded.beat_at`,
    [process],
  );
  const rows: { processes: number; claims: LenderClaim[] }[] = await tx.query(
    `SELECT (SELECT count(*) FROM lender_processes)::integer AS processes, coalesce((
       SELECT jsonb_agg(jsonb_build_object('lender', lender, 'demand', demand, 'held', held))
       FROM check_shares WHERE process <> $1), '[]') AS claims`,
    [process],
  );
  return rows[0] ?? { processes: 1, claims: [] };
}

/** Writes what this process holds now, in place of what it held. Same transaction. */
export async function claim(
  tx: EntityManager,
  process: string,
  claims: readonly LenderClaim[],
): Promise<void> {
  await tx.query('DELETE FROM check_shares WHERE process = $1 AND NOT lender = ANY ($2::text[])', [
    process,
    claims.map(({ lender }) => lender),
  ]);
  await tx.query(
    `INSERT INTO check_shares (process, lender, demand, held)
     SELECT $1, c.* FROM unnest($2::text[], $3::integer[], $4::integer[]) AS c
     ON CONFLICT (process, lender) DO UPDATE SET demand = excluded.demand, held = excluded.held`,
    [
      process,
      claims.map(({ lender }) => lender),
      claims.map(({ demand }) => demand),
      claims.map(({ held }) => held),
    ],
  );
}

/** Gives everything back. */
export async function leave(tx: EntityManager, process: string): Promise<void> {
  await tx.query('DELETE FROM lender_processes WHERE process = $1', [process]);
}

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
  /** Lenders that have asked about as many people today as they may, as the clerk counted them. */
  readonly closed: readonly ClosedLender[];
}

/** A lender that is not answered any more today. */
export interface ClosedLender {
  /** Client id. */
  readonly lender: string;
  readonly ceiling: number;
  /** Until the legal day ends. */
  readonly leftMs: number;
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
  const rows: Others[] = await tx.query(
    `SELECT (SELECT count(*) FROM lender_processes)::integer AS processes, coalesce((
       SELECT jsonb_agg(jsonb_build_object('lender', lender, 'demand', demand, 'held', held))
       FROM check_shares WHERE process <> $1), '[]') AS claims, coalesce((
       SELECT jsonb_agg(jsonb_build_object('lender', lender, 'ceiling', ceiling,
         'leftMs', ceil(extract(epoch FROM ends_at - registry_now()) * 1000)))
       FROM people_asked WHERE people >= ceiling AND ends_at > registry_now()), '[]') AS closed`,
    [process],
  );
  return rows[0] ?? { processes: 1, claims: [], closed: [] };
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

/** People a lender has asked about today; undefined when none were counted. */
export async function peopleAskedToday(
  tx: EntityManager,
  lender: string,
): Promise<{ people: number; ceiling: number; endsAt: Date } | undefined> {
  const [row] = await tx.query<{ people: number; ceiling: number; endsAt: Date }[]>(
    `SELECT people, ceiling, ends_at AS "endsAt" FROM people_asked
     WHERE lender = $1 AND ends_at > registry_now() ORDER BY day LIMIT 1`,
    [lender],
  );
  return row;
}

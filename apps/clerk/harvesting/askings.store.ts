/** SQL of what lenders asked: windows that are over, and the figures of one lender in one of them. Short statements. */
import type { EntityManager } from 'typeorm';
import type { Instant } from '#libs/journal/instant.js';
import type { Asking, Span } from './harvesting.js';

export interface Window {
  readonly span: Span;
  readonly begins: Instant;
  /** First instant after it. */
  readonly ends: Instant;
}

const hoursBack = 24;
const daysBack = 2;
/** A lender that asked more is judged by its first: what counts is a ratio, and no look may hold a snapshot for long. */
const checksSeen = 20_000;

/** The last hours and legal days that are over, oldest first. */
export async function endedWindows(tx: EntityManager): Promise<readonly Window[]> {
  return await tx.query<Window[]>(
    `SELECT span, (extract(epoch FROM begins) * 1000)::float8 AS begins, (extract(epoch FROM ends) * 1000)::float8 AS ends
     FROM (
       SELECT 'hour' AS span, now - n * interval '1 hour' AS begins, now - (n - 1) * interval '1 hour' AS ends
       FROM date_trunc('hour', registry_now(), 'Asia/Almaty') AS now, generate_series(1, $1::integer) AS n
       UNION ALL
       SELECT 'day', date_add(now, n * interval '-1 day', 'Asia/Almaty'), date_add(now, (n - 1) * interval '-1 day', 'Asia/Almaty')
       FROM date_trunc('day', registry_now(), 'Asia/Almaty') AS now, generate_series(1, $2::integer) AS n
     ) AS w ORDER BY ends, begins`,
    [hoursBack, daysBack],
  );
}

/**
 * What this lender asked in the window. A person is followed when the lender reported a loan of that person, in the window
 * or since; to be asked about a second time is to be asked about.
 */
export async function askingIn(
  tx: EntityManager,
  lender: string,
  { begins, ends }: Window,
): Promise<Omit<Asking, 'lender' | 'kind'>> {
  const rows: Omit<Asking, 'lender' | 'kind'>[] = await tx.query(
    `WITH span AS MATERIALIZED (
       SELECT subject FROM checks
       WHERE lender = $1 AND check_id >= uuid_floor(to_timestamp($2)) AND check_id < uuid_floor(to_timestamp($3))
         AND subject IS NOT NULL
       ORDER BY check_id LIMIT $4
     ), people AS (
       SELECT subject, count(*)::integer AS checks FROM span GROUP BY subject
     )
     SELECT coalesce(sum(p.checks), 0)::integer AS checks, count(*)::integer AS people,
       coalesce(max(p.checks), 0) AS repeats,
       (count(*) FILTER (WHERE EXISTS (
         SELECT FROM loans l WHERE l.subject = p.subject AND l.party = $1 AND l.at >= to_timestamp($2)
       )))::integer AS followed
     FROM people p`,
    [lender, begins / 1000, ends / 1000, checksSeen],
  );
  return rows[0] ?? { checks: 0, people: 0, followed: 0, repeats: 0 };
}

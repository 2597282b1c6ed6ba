/** SQL of the people asked about on a legal day: read from checks as they come, kept as one row a lender and day. */
import type { EntityManager } from 'typeorm';
import { formatInstant, type Instant } from '#libs/journal/instant.js';

export interface LegalDay {
  /** `yyyy-mm-dd` */
  readonly day: string;
  readonly begins: Instant;
  /** First instant after it. */
  readonly ends: Instant;
}

/** A check, as far as it counts. */
export interface AskedRow {
  readonly checkId: string;
  /** Client id. */
  readonly lender: string;
  /** The first six bytes of the pseudonym. */
  readonly person: Buffer;
}

/** What is known of a lender's day. */
export interface AskedCount {
  readonly lender: string;
  readonly people: number;
  readonly ceiling: number;
}

/** So many rows are one short statement. */
export const pageSize = 20_000;
/** Days are kept for a look back, and no longer. */
const daysKept = 30;

/** The legal day (Asia/Almaty) that it is in registry time. */
export async function legalDayNow(tx: EntityManager): Promise<LegalDay> {
  const [row] = await tx.query<LegalDay[]>(
    `SELECT to_char(begins AT TIME ZONE 'Asia/Almaty', 'YYYY-MM-DD') AS day,
       (extract(epoch FROM begins) * 1000)::float8 AS begins,
       (extract(epoch FROM date_add(begins, interval '1 day', 'Asia/Almaty')) * 1000)::float8 AS ends
     FROM date_trunc('day', registry_now(), 'Asia/Almaty') AS begins`,
  );
  if (row === undefined) throw new Error('registry_now() answered nothing');
  return row;
}

/** The first UUID of checks made at this instant. */
export function firstCheckAt(at: Instant): string {
  const hex = at.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Checks from this UUID on, in the order in which they were made; those of one instant in any. */
export async function checksFrom(
  tx: EntityManager,
  from: string,
  ends: Instant,
): Promise<readonly AskedRow[]> {
  return await tx.query<AskedRow[]>(
    `SELECT check_id AS "checkId", lender, substring(subject FROM 1 FOR 6) AS person FROM checks
     WHERE check_id >= $1 AND check_id < uuid_floor($2) AND subject IS NOT NULL ORDER BY check_id LIMIT $3`,
    [from, formatInstant(ends), pageSize],
  );
}

/** Loans that this lender reported in so many days before an instant; no more than `most` are counted. */
export async function loansBefore(
  tx: EntityManager,
  { lender, before, days, most }: { lender: string; before: Instant; days: number; most: number },
): Promise<number> {
  const [row] = await tx.query<{ loans: number }[]>(
    `SELECT count(*)::integer AS loans FROM (SELECT FROM contracts
       WHERE party = $1 AND loan_id >= uuid_floor($2::timestamptz - make_interval(days => $3)) AND loan_id < uuid_floor($2)
       LIMIT $4) AS reported`,
    [lender, formatInstant(before), days, most],
  );
  return row?.loans ?? 0;
}

/** Writes what was counted. A count only rises: a worker that has not read the whole day yet knows less. */
export async function keepCounts(
  tx: EntityManager,
  { day, ends }: LegalDay,
  counts: readonly AskedCount[],
): Promise<void> {
  await tx.query(
    `INSERT INTO people_asked (lender, day, people, ceiling, ends_at, counted_at)
     SELECT c.lender, $1, c.people, c.ceiling, $2, clock_timestamp()
     FROM unnest($3::text[], $4::integer[], $5::integer[]) AS c (lender, people, ceiling)
     ON CONFLICT (lender, day) DO UPDATE SET people = greatest(people_asked.people, excluded.people),
       ceiling = excluded.ceiling, counted_at = excluded.counted_at`,
    [
      day,
      formatInstant(ends),
      counts.map(({ lender }) => lender),
      counts.map(({ people }) => people),
      counts.map(({ ceiling }) => ceiling),
    ],
  );
}

/** Deletes the counts of days long gone. */
export async function dropOldCounts(tx: EntityManager, { day }: LegalDay): Promise<void> {
  await tx.query('DELETE FROM people_asked WHERE day < $1::date - $2::integer', [day, daysKept]);
}

/**
 * How often a party sent references that may be somebody's number, where nothing is refused for it: counted a party and
 * member, so that the party can be told. No text is kept.
 */
import type { EntityManager } from 'typeorm';
import { looksLikeIin } from './holds-iin.js';

/** One member of a party's requests. */
export interface Lookalikes {
  /** Name of the member, as `contractNumber`. */
  readonly member: string;
  readonly count: number;
  readonly lastAt: Date;
}

/**
 * Counts those of these texts that may be a number. What was recorded stays recorded when counting fails, because a count
 * is worth less than a loan.
 */
export async function noteLookalikes(
  tx: EntityManager,
  party: string,
  texts: Readonly<Record<string, readonly (string | undefined)[]>>,
): Promise<void> {
  const counts = Object.entries(texts)
    .map(([member, all]) => ({ member, count: all.filter((text) => looksLikeIin(text ?? '')).length }))
    .filter(({ count }) => count > 0);
  if (counts.length === 0) return;
  await tx
    .query(
      `INSERT INTO reference_lookalikes (party, member, count, last_at)
       SELECT $1, c.*, clock_timestamp() FROM unnest($2::text[], $3::bigint[]) AS c
       ON CONFLICT (party, member) DO UPDATE SET count = reference_lookalikes.count + excluded.count,
         last_at = excluded.last_at`,
      [party, counts.map(({ member }) => member), counts.map(({ count }) => count)],
    )
    .catch(() => undefined);
}

/** What was counted of a party. */
export async function lookalikesOf(tx: EntityManager, party: string): Promise<readonly Lookalikes[]> {
  return await tx.query<Lookalikes[]>(
    `SELECT member, count::float8 AS count, last_at AS "lastAt" FROM reference_lookalikes
     WHERE party = $1 ORDER BY member`,
    [party],
  );
}

/** SQL of placings that rest on a revocation list past its `nextUpdate`: taken because they protect, to be asked again. */
import type { EntityManager } from 'typeorm';

/** A placing as it is stored, sealed. */
export interface StalePlacing {
  readonly entryIndex: number;
  /** Registry time of the placing. */
  readonly placedAt: number;
  /** Registry time of this reading. */
  readonly at: number;
  readonly applicationUuid: string;
  readonly personId: string;
  readonly dataKey: Buffer;
  readonly cms: Buffer;
}

const hoursBack = 48;

/** Those of the last two days from this index on, oldest first. */
export async function stalePlacings(
  tx: EntityManager,
  from: number,
  limit: number,
): Promise<readonly StalePlacing[]> {
  return await tx.query<StalePlacing[]>(
    `SELECT d.entry_index AS "entryIndex", d.application_id AS "applicationUuid", d.cms,
            p.person_id AS "personId", p.data_key AS "dataKey",
            (extract(epoch FROM e.at) * 1000)::bigint AS "placedAt",
            (extract(epoch FROM registry_now()) * 1000)::bigint AS at
     FROM signed_documents d JOIN people p USING (person_id) JOIN entries e ON e.index = d.entry_index
     WHERE d.revocation_stale AND d.entry_index >= $1 AND e.at > registry_now() - $2 * interval '1 hour'
     ORDER BY d.entry_index LIMIT $3`,
    [from, hoursBack, limit],
  );
}

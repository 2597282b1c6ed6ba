/** SQL of what stands behind a due move: the refusal as it is now, and the sealed lift its citizen signed. */
import assert from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import { refusalFromJson } from '#libs/refusal/refusals.store.js';
import type { Due, SealedRequest } from './signed-lift.js';

/**
 * The refusal that waits on this entry, a pending lift by its request or a return by its lift, with the signed lift.
 * @returns undefined when the refusal has moved on, so that nothing waits on this entry any more.
 */
export async function dueOf(tx: EntityManager, entryIndex: number): Promise<Due | undefined> {
  const rows: ({ refusal: Record<string, unknown>; at: number } & Nullable<SealedRequest>)[] = await tx.query(
    `SELECT to_jsonb(r) AS refusal, d.application_id AS "applicationId", d.document, d.cms,
            p.person_id AS "personId", p.data_key AS "dataKey", p.iin,
            (extract(epoch FROM registry_now()) * 1000)::bigint AS at
     FROM entries e
     JOIN refusals r ON r.subject = e.subject AND r.subject_epoch = e.subject_epoch
     LEFT JOIN signed_documents d ON d.entry_index = r.request_index
     LEFT JOIN people p ON p.person_id = d.person_id
     WHERE e.index = $1
       AND ((r.state = 'lift-pending' AND r.request_index = $1)
         OR (r.state = 'none' AND r.entry_index = $1 AND r.placed_again_at IS NOT NULL))`,
    [entryIndex],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { at, refusal, applicationId, document, cms, personId, dataKey, iin } = row;
  assert(
    applicationId && document && cms && personId && dataKey && iin,
    'a lift without its signed document',
  );
  return {
    at,
    refusal: refusalFromJson(refusal),
    request: { applicationId, personId, dataKey, iin, document, cms },
  };
}

/** Entries whose move is due and has no job that is being done or will run soon, oldest first. */
export async function lostMoves(tx: EntityManager, limit: number): Promise<readonly number[]> {
  const rows: { index: number }[] = await tx.query(
    `WITH due AS (
       SELECT request_index AS index FROM refusals WHERE state = 'lift-pending' AND lifts_at <= registry_now()
       UNION ALL
       SELECT entry_index FROM refusals WHERE state = 'none' AND placed_again_at <= registry_now()
     )
     SELECT due.index FROM due
     WHERE NOT EXISTS (
       SELECT FROM graphile_worker.jobs j
       WHERE j.key = 'move-refusal:' || due.index AND j.attempts < j.max_attempts
         AND j.run_at < clock_timestamp() + interval '5 minutes'
         AND (j.locked_at IS NULL OR j.locked_at > clock_timestamp() - interval '15 seconds'))
     ORDER BY due.index LIMIT $1`,
    [limit],
  );
  return rows.map(({ index }) => index);
}

type Nullable<T> = { readonly [N in keyof T]: T[N] | null };

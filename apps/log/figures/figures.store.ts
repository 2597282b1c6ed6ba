/** SQL of what anybody may know of how the registry runs. */
import type { EntityManager } from 'typeorm';
import type { FigureRow, NewestRow, PublicationRow } from './figure-rows.js';

/** Figures of the last 24 hours and of the current one, oldest first. */
export async function recentFigures(tx: EntityManager): Promise<readonly FigureRow[]> {
  return await tx.query<FigureRow[]>(
    `SELECT name, hour, value FROM figures
     WHERE hour >= date_trunc('hour', registry_now()) - interval '24 hours' ORDER BY hour, name`,
  );
}

/** How long entries waited for their checkpoint within the last hour, in milliseconds. */
export async function publicationLag(tx: EntityManager): Promise<PublicationRow> {
  const rows: PublicationRow[] = await tx.query(
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY lag_ms) AS p50,
            percentile_cont(0.99) WITHIN GROUP (ORDER BY lag_ms) AS p99, count(*)::integer AS published
     FROM (SELECT lag_ms, published_at FROM checkpoints WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 3600) c
     WHERE published_at > registry_now() - interval '1 hour'`,
  );
  return rows[0] ?? { p50: null, p99: null, published: 0 };
}

/** The checkpoint that is served now. */
export async function newestPublished(tx: EntityManager): Promise<NewestRow | undefined> {
  const rows: NewestRow[] = await tx.query(
    `SELECT size, note, signed_at AS "signedAt" FROM checkpoints
     WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 1`,
  );
  return rows[0];
}

/** When at least so many witnesses last signed a checkpoint, looking back two hours at most; null when none did. */
export async function witnessedAt(tx: EntityManager, quorum: number): Promise<Date | null> {
  const rows: { at: Date | null }[] = await tx.query(
    `SELECT max(signed_at) AS at FROM (
       SELECT signed_at, cosignatures FROM checkpoints WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 7200) c
     WHERE cosignatures >= $1`,
    [quorum],
  );
  return rows[0]?.at ?? null;
}

/** How long the oldest entry without a checkpoint has been waiting, in milliseconds; 0 when none is; and registry time. */
export async function waitingNow(tx: EntityManager): Promise<{ waitingMs: number; now: Date }> {
  const rows: { waitingMs: number; now: Date }[] = await tx.query(
    `SELECT coalesce((SELECT greatest(0, extract(epoch FROM registry_now() - h.at) * 1000) FROM heads h
       WHERE h.size > coalesce((SELECT size FROM checkpoints WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 1), 0)
       ORDER BY h.size LIMIT 1), 0)::float8 AS "waitingMs", registry_now() AS now`,
  );
  return rows[0] ?? { waitingMs: 0, now: new Date(0) };
}

/** SQL of the signer: the lease by which one process signs, and checkpoints, one per size for good. */
import type { EntityManager } from 'typeorm';

export interface SignedCheckpoint {
  readonly size: number;
  readonly origin: string;
  readonly root: Buffer;
  /** The signed note. */
  readonly note: string;
}

/** What stands signed, and of that what was published. */
export interface SignedStanding {
  readonly signed: SignedCheckpoint | undefined;
  readonly published: SignedCheckpoint | undefined;
}

/** How a checkpoint came out at the compare-and-swap. */
export type Reserved = 'reserved' | 'lease lost' | 'another root' | 'somebody signed meanwhile';

/** Takes or renews the lease. @returns false while another process holds it. */
export async function takeLease(tx: EntityManager, holder: string, forMs: number): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `INSERT INTO signer_lease AS l (holder, until) VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
     ON CONFLICT (only_row) DO UPDATE SET holder = excluded.holder, until = excluded.until
       WHERE l.holder = excluded.holder OR l.until < clock_timestamp()
     RETURNING 1`,
    [holder, forMs],
  );
  return rows.length === 1;
}

/** Gives the lease back, so that the next process need not wait for its end. */
export async function endLease(tx: EntityManager, holder: string): Promise<void> {
  await tx.query('UPDATE signer_lease SET until = clock_timestamp() WHERE holder = $1', [holder]);
}

/** Of one log: those of a log that was closed are behind it, and its own to keep. */
export async function standing(tx: EntityManager, origin: string): Promise<SignedStanding> {
  const newest = async (condition: string): Promise<SignedCheckpoint | undefined> => {
    const rows: SignedCheckpoint[] = await tx.query(
      `SELECT size, origin, root, note FROM checkpoints WHERE origin = $1 ${condition} ORDER BY size DESC LIMIT 1`,
      [origin],
    );
    return rows[0];
  };
  return { signed: await newest(''), published: await newest('AND published_at IS NOT NULL') };
}

/** Whether this life of the database was compared with what was published. */
export async function isComparedNow(tx: EntityManager): Promise<boolean> {
  const rows: { yes: boolean }[] = await tx.query(
    `SELECT coalesce((SELECT life IS NOT DISTINCT FROM database_life() FROM comparisons), false) AS yes`,
  );
  return rows[0]?.yes === true;
}

/** Says how the comparison came out: every process that appends or looks up a refusal goes by it. */
export async function keepComparison(tx: EntityManager, goesOn: boolean): Promise<void> {
  await tx.query(
    `INSERT INTO comparisons (life, compared_at)
     VALUES (CASE WHEN $1 THEN database_life() END, registry_now())
     ON CONFLICT (only_row) DO UPDATE SET life = excluded.life, compared_at = excluded.compared_at`,
    [goesOn],
  );
}

/**
 * Writes down that this root is the one of its size, before anybody is shown it: the compare-and-swap that keeps us to
 * one history. Only the holder of the lease may, only on top of what it knew, and one size has one root for good.
 * @param after size of the newest checkpoint the caller knows, 0 for none.
 */
export async function reserve(
  tx: EntityManager,
  checkpoint: SignedCheckpoint,
  by: { readonly holder: string; readonly after: number },
): Promise<Reserved> {
  const { size, origin, root, note } = checkpoint;
  // Updating the lease locks it: whoever else would sign waits here, and finds that he is not its holder.
  const rows: unknown[] = await tx.query(
    `WITH mine AS (UPDATE signer_lease SET until = until WHERE holder = $5 AND until > clock_timestamp() RETURNING 1)
     INSERT INTO checkpoints AS c (size, origin, root, note, signed_at)
     SELECT $1, $2, $3, $4, registry_now() FROM mine WHERE coalesce((SELECT max(size) FROM checkpoints WHERE origin = $2), 0) = $6
     ON CONFLICT (size) DO UPDATE SET signed_at = greatest(c.signed_at, excluded.signed_at)
       WHERE c.origin = excluded.origin AND c.root = excluded.root
     RETURNING 1`,
    [size, origin, root, note, by.holder, by.after],
  );
  if (rows.length === 1) return 'reserved';
  const found: { held: boolean; other: boolean }[] = await tx.query(
    `SELECT EXISTS (SELECT FROM signer_lease WHERE holder = $1 AND until > clock_timestamp()) AS held,
            EXISTS (SELECT FROM checkpoints WHERE size = $2 AND (root <> $3 OR origin <> $4)) AS other`,
    [by.holder, size, root, origin],
  );
  if (found[0]?.other === true) return 'another root';
  return found[0]?.held === true ? 'somebody signed meanwhile' : 'lease lost';
}

/** Says that a checkpoint is served, with the note as served; its lag counts from the oldest entry that it is first to hold. */
export async function markPublished(
  tx: EntityManager,
  { size, note }: Pick<SignedCheckpoint, 'size' | 'note'>,
  cosignatures: number,
): Promise<void> {
  await tx.query(
    `UPDATE checkpoints c SET note = $2, cosignatures = $3, published_at = coalesce(c.published_at, registry_now()),
       lag_ms = coalesce(c.lag_ms, greatest(0, extract(epoch FROM registry_now() - (
         SELECT h.at FROM heads h WHERE h.size > coalesce((SELECT max(p.size) FROM checkpoints p
           WHERE p.published_at IS NOT NULL AND p.size < $1), 0) ORDER BY h.size LIMIT 1)) * 1000)::integer)
     WHERE c.size = $1`,
    [size, note, cosignatures],
  );
}

/** For how long the oldest entry that is in no published checkpoint has been waiting; 0 when none is. */
export async function waitingMs(tx: EntityManager): Promise<number> {
  const rows: { ms: number }[] = await tx.query(
    `SELECT coalesce((SELECT extract(epoch FROM registry_now() - h.at) * 1000 FROM heads h
       WHERE h.size > coalesce((SELECT size FROM checkpoints WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 1), 0)
       ORDER BY h.size LIMIT 1), 0)::float8 AS ms`,
  );
  return Math.max(0, rows[0]?.ms ?? 0);
}

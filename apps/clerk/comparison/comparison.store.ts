/** SQL of the comparison of refusals with their entries, and of the doubts that come of it. Short statements by key. */
import type { EntityManager } from 'typeorm';

/** Why nobody is answered; each stays until the clerk has seen that it is over. */
export type DoubtKind = 'entries-blanked' | 'entries-differ' | 'refusals-differ';

/** Where the Journal stands, and in which life of the database. */
export interface Ground {
  readonly size: number;
  readonly life: string;
}

export async function groundOf(tx: EntityManager): Promise<Ground> {
  const [row] = await tx.query<Ground[]>('SELECT size, database_life() AS life FROM journal_head');
  if (row === undefined) throw new Error('no head row: run `tool migrate`');
  return row;
}

/** Entries that place or lift, in their order: each an item of a fold and a byte, 1 where it places. */
export interface MovesPage {
  readonly count: number;
  readonly last: number | null;
  readonly moves: Buffer | null;
}

export async function movesBetween(
  tx: EntityManager,
  { from, size, limit }: { readonly from: number; readonly size: number; readonly limit: number },
): Promise<MovesPage> {
  const [page] = await tx.query<MovesPage[]>(
    // A lift takes away what the placing before it added. A blanked entry adds nothing, and is looked for by itself.
    `SELECT count(*)::integer AS count, max(index) AS last, string_agg(subject || int2send(subject_epoch)
       || int4send(version - (1 - placed)) || int2send(placed::smallint), ''::bytea ORDER BY index) AS moves
     FROM (SELECT index, subject, subject_epoch, version,
         (kind IN ('refusal.inherited', 'refusal.placed'))::integer AS placed
       FROM entries WHERE kind IN ('refusal.inherited', 'refusal.placed', 'refusal.lifted', 'refusal.annulled')
         AND index >= $1 AND index < $2 ORDER BY index LIMIT $3) AS e`,
    [from, size, limit],
  );
  return page ?? { count: 0, last: null, moves: null };
}

/** The items of the refusals in force within these bounds, and where the Journal stood at that very instant. */
export async function refusalsWithin(
  tx: EntityManager,
  { first, behind, limit }: { readonly first: Buffer; readonly behind: Buffer; readonly limit: number },
): Promise<Ground & { readonly items: Buffer | null }> {
  const [row] = await tx.query<(Ground & { readonly items: Buffer | null })[]>(
    `SELECT h.size, database_life() AS life, (SELECT string_agg(subject || int2send(subject_epoch) || int4send(version), ''::bytea)
       FROM (SELECT subject, subject_epoch, version FROM refusals WHERE subject >= $1 AND subject < $2
         AND state IN ('in-force', 'lift-pending') LIMIT $3) AS r) AS items
     FROM journal_head h`,
    [first, behind, limit],
  );
  if (row === undefined) throw new Error('no head row: run `tool migrate`');
  return row;
}

/** The first entry whose text, seed or person was taken away; undefined when each is whole. An index holds such rows only. */
export async function firstBlanked(tx: EntityManager): Promise<number | undefined> {
  const rows = await tx.query<{ index: number }[]>(
    `SELECT index FROM entries WHERE entry IS NULL OR seed IS NULL OR (subject IS NULL AND version IS NOT NULL)
     ORDER BY index LIMIT 1`,
  );
  return rows[0]?.index;
}

/** The doubts that stand, also those that another process wrote. */
export async function standingDoubts(tx: EntityManager): Promise<readonly DoubtKind[]> {
  const rows = await tx.query<{ kind: DoubtKind }[]>('SELECT kind FROM doubts');
  return rows.map(({ kind }) => kind);
}

/** From its commit on nobody is answered. @returns whether it is new */
export async function raiseDoubt(tx: EntityManager, kind: DoubtKind, what: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    'INSERT INTO doubts (kind, what) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1',
    [kind, what],
  );
  return rows.length > 0;
}

/** @returns whether there was one */
export async function settleDoubt(tx: EntityManager, kind: DoubtKind): Promise<boolean> {
  const rows = await tx.query<{ settled: number }[]>(
    `WITH gone AS (DELETE FROM doubts WHERE kind = $1 RETURNING 1) SELECT count(*)::integer AS settled FROM gone`,
    [kind],
  );
  return (rows[0]?.settled ?? 0) > 0;
}

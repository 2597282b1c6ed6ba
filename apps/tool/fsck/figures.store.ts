/** What fsck reads of the public figures, paged by key. */
import type { EntityManager } from 'typeorm';

export interface FigureRow {
  readonly name: string;
  /** Start of the hour, ms. */
  readonly hour: number;
  readonly value: number;
}

/** Figures after this name and hour. */
export async function figuresAfter(
  tx: EntityManager,
  after: { readonly name: string; readonly hour: number },
  limit: number,
): Promise<readonly FigureRow[]> {
  return tx.query<FigureRow[]>(
    `SELECT name, (extract(epoch FROM hour) * 1000)::float8 AS hour, value FROM figures
     WHERE (name, hour) > ($1, to_timestamp($2::float8 / 1000)) ORDER BY figures.name, figures.hour LIMIT $3`,
    [after.name, after.hour, limit],
  );
}

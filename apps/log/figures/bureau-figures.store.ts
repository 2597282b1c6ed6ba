/** SQL of how the bureaus follow: a view, because the log's role reads neither feed nor stamps. */
import type { EntityManager } from 'typeorm';
import type { BureauFigureRow } from './bureau-figures.js';

export async function bureauFigures(tx: EntityManager): Promise<readonly BureauFigureRow[]> {
  return tx.query<BureauFigureRow[]>(
    `SELECT client_id AS "clientId", name_kk AS "nameKk", name_ru AS "nameRu", name_en AS "nameEn", behind,
       oldest_ms AS "oldestMs", p50, p99, agrees, posted_at AS "postedAt" FROM bureau_figures ORDER BY client_id`,
  );
}

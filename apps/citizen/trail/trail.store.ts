/** SQL of the trail: the entries about one person, newest first. */
import type { EntityManager } from 'typeorm';
import type { SubjectKey } from '#libs/subject/subject.js';

export interface TrailRow {
  readonly index: number;
  /** Canonical text. */
  readonly entry: string;
}

/**
 * @param subjects the person's pseudonyms in every live epoch
 * @param before only entries below this index
 */
export async function entriesAbout(
  tx: EntityManager,
  subjects: readonly SubjectKey[],
  before: number,
  limit: number,
): Promise<readonly TrailRow[]> {
  return tx.query<TrailRow[]>(
    `SELECT index, entry FROM entries WHERE subject = ANY ($1::bytea[]) AND index < $2 AND entry IS NOT NULL
     ORDER BY index DESC LIMIT $3`,
    [subjects.map(({ bytes }) => bytes), before, limit],
  );
}

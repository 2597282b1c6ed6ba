/** SQL of published checkpoints, as the log reads them. */
import type { EntityManager } from 'typeorm';

/** The newest note exactly as it was signed; undefined before the first. */
export async function newestNote(tx: EntityManager): Promise<string | undefined> {
  const rows: { note: string }[] = await tx.query('SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1');
  return rows[0]?.note;
}

/** What the doctor asks of the database itself. */
import type { EntityManager } from 'typeorm';

/** Names of the migrations that ran, in order; none when there is no list. */
export async function ranMigrations(tx: EntityManager): Promise<readonly string[]> {
  const [list] = await tx.query<{ exists: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (list?.exists !== true) return [];
  const rows = await tx.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

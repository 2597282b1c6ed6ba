/** What was put into the database when it was made: the list of migrations, and the sentinels of the lookup keys. */
import type { EntityManager } from 'typeorm';
import type { SubjectKey } from '#libs/subject/subject.js';

/** Names of the migrations that ran. */
export async function ranMigrations(tx: EntityManager): Promise<readonly string[]> {
  const rows: { name: string }[] = await tx.query('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

export async function sentinelRows(tx: EntityManager): Promise<readonly SubjectKey[]> {
  return tx.query<SubjectKey[]>(
    `SELECT subject_epoch AS epoch, subject AS bytes FROM refusals WHERE state = 'sentinel' LIMIT 100`,
  );
}

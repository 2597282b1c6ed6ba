/** What was put into the database when it was made: the list of migrations, and the sentinels of the lookup keys. */
import type { EntityManager } from 'typeorm';
import type { SubjectKey } from '#libs/subject/subject.js';

/** Names of the migrations that ran. */
export async function ranMigrations(tx: EntityManager): Promise<readonly string[]> {
  const rows: { name: string }[] = await tx.query('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

/** How many acts of the registry are listed below `size`, and how many of them are none. */
export async function listedActs(
  tx: EntityManager,
  size: number,
): Promise<{ readonly listed: number; readonly others: number }> {
  const rows: { listed: number; others: number }[] = await tx.query(
    `SELECT count(*)::integer AS listed,
       (count(*) FILTER (WHERE kind !~ '^(registry|key|party|regime|acts)\\.'))::integer AS others
     FROM registry_openings WHERE index < $1`,
    [size],
  );
  return rows[0] ?? { listed: 0, others: 0 };
}

export async function sentinelRows(tx: EntityManager): Promise<readonly SubjectKey[]> {
  return tx.query<SubjectKey[]>(
    `SELECT subject_epoch AS epoch, subject AS bytes FROM refusals WHERE state = 'sentinel' LIMIT 100`,
  );
}

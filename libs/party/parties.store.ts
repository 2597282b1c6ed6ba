/** SQL of the registry's clock. */
import type { EntityManager } from 'typeorm';

/** Registry time in ms since the epoch, by which the validity of a party's keys is judged. */
export async function registryNow(tx: EntityManager): Promise<number> {
  const rows = await tx.query<{ now: number }[]>(
    'SELECT (extract(epoch FROM registry_now()) * 1000)::float8 AS now',
  );
  const row = rows[0];
  if (row === undefined) throw new Error('registry_now() gave no row');
  return row.now;
}

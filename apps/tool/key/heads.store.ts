/** SQL of what a head key has signed. */
import type { EntityManager } from 'typeorm';

/** Whether the key signed one of the newest heads: a process that was started anew with it has. */
export async function hasSignedHead(tx: EntityManager, kid: string): Promise<boolean> {
  const rows: { has: boolean }[] = await tx.query(
    `SELECT EXISTS (SELECT FROM (SELECT kid FROM heads ORDER BY size DESC LIMIT 100000) h WHERE h.kid = $1) AS has`,
    [kid],
  );
  return rows[0]?.has === true;
}

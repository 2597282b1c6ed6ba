/** What the doctor asks of the database itself. */
import type { EntityManager } from 'typeorm';
import type { NotedAlarm, NotedList, RoleConnections, Unpublished } from './noted.js';

/** Names of the migrations that ran, in order; none when there is no list. */
export async function ranMigrations(tx: EntityManager): Promise<readonly string[]> {
  const [list] = await tx.query<{ exists: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (list?.exists !== true) return [];
  const rows = await tx.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

/** Moves that entries and signatures contradict, newest first. */
export async function notedAlarms(tx: EntityManager): Promise<readonly NotedAlarm[]> {
  return tx.query<NotedAlarm[]>(
    `SELECT entry_index AS "entryIndex", fault, (extract(epoch FROM registry_now() - raised_at) * 1000)::float8 AS "ageMs"
     FROM move_alarms ORDER BY raised_at DESC, entry_index LIMIT 1000`,
  );
}

/** The newest list of each issuer that any process has seen. */
export async function notedLists(tx: EntityManager): Promise<readonly NotedList[]> {
  return tx.query<NotedList[]>(
    `SELECT encode(issuer, 'hex') AS issuer, (extract(epoch FROM registry_now() - this_update) * 1000)::float8 AS "ageMs"
     FROM revocation_lists ORDER BY issuer`,
  );
}

/** Of the registry's roles, over all databases of the server, because the limit is the server's. */
export async function connectionsOfRoles(tx: EntityManager): Promise<readonly RoleConnections[]> {
  return tx.query<RoleConnections[]>(
    `SELECT r.rolname AS role, r.rolconnlimit AS "limit",
       (SELECT count(*)::integer FROM pg_stat_activity a WHERE a.usesysid = r.oid) AS used
     FROM pg_roles r WHERE starts_with(r.rolname, 'tyiym_') AND r.rolcanlogin AND r.rolname <> 'tyiym_owner' ORDER BY 1`,
  );
}

/** How far the newest published checkpoint of this log is behind the head. */
export async function unpublished(tx: EntityManager): Promise<Unpublished> {
  const rows: { published: number | null; size: number; waitingMs: number }[] = await tx.query(
    `SELECT p.size::float8 AS published, h.size::float8 AS size,
       coalesce((SELECT greatest(0, extract(epoch FROM registry_now() - o.at) * 1000) FROM heads o
         WHERE o.size > coalesce(p.size, 0) ORDER BY o.size LIMIT 1), 0)::float8 AS "waitingMs"
     FROM journal_head h LEFT JOIN LATERAL (SELECT c.size FROM checkpoints c
       WHERE c.published_at IS NOT NULL AND c.origin = h.origin ORDER BY c.size DESC LIMIT 1) p ON true`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('there is no head row');
  return { ...row, published: row.published ?? undefined };
}

/** The root with which a commit ended at this size. */
export async function headAt(tx: EntityManager, size: number): Promise<Buffer | undefined> {
  const rows: { root: Buffer }[] = await tx.query('SELECT root FROM heads WHERE size = $1', [size]);
  return rows[0]?.root;
}

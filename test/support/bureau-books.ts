/** The books of the sandbox's two bureaus, read in their own databases: what they applied, stamped and hold in force. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { asOwner } from './sandbox-database.js';
import type { Sandbox } from './sandbox.js';

export const bureauNames = ['gkb', 'pkb'] as const;
export type BureauName = (typeof bureauNames)[number];

/** What a bureau's report says of the person, as its page shows it. */
export async function reportOf(
  sandbox: Sandbox,
  bureau: BureauName,
  { iin, language = 'ru' }: { readonly iin: string; readonly language?: 'kk' | 'ru' | 'en' },
): Promise<{ readonly isMarked: boolean; readonly says: string }> {
  const url = `${sandbox.urls[bureau] ?? ''}/${language}/report`;
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ iin }) });
  const page = await response.text();
  const section = /<section(.*?)>(.*)<\/section>/s.exec(page);
  if (section === null) throw new Error(`no report: ${String(response.status)}`);
  const [, attributes = '', content = ''] = section;
  return { isMarked: attributes.includes('mark'), says: content.replaceAll(/<[^>]+>/g, ' ').trim() };
}

/** How far a bureau is; the rows of `applied` are one an item, so `count` and `distinct` differ when one came twice. */
export interface BookState {
  readonly seq: number;
  readonly applied: number;
  readonly distinct: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly unstamped: number;
}

export function inBook<T>(
  sandbox: Sandbox,
  bureau: BureauName,
  act: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const name = `sandbox_${bureau}`;
  return asOwner(sandbox, act, { database: name, user: name, secret: name });
}

/** How many items are applied, and how many of them are not said to be; asked often while a bureau works. */
export async function bookProgress(
  client: pg.Client,
): Promise<{ readonly seq: number; readonly unstamped: number }> {
  const { rows } = await client.query<{ seq: number; unstamped: number }>(
    `SELECT p.seq::int AS seq, (SELECT count(*)::int FROM applied WHERE stamped_at IS NULL) AS unstamped FROM position p`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no position');
  return row;
}

export async function bookState(client: pg.Client): Promise<BookState> {
  const { rows } = await client.query<BookState>(
    `SELECT p.seq::int AS seq, count(a.seq)::int AS applied, count(DISTINCT a.jti)::int AS distinct,
       min(a.seq)::int AS first, max(a.seq)::int AS last,
       (count(a.seq) FILTER (WHERE a.stamped_at IS NULL))::int AS unstamped
     FROM position p LEFT JOIN applied a ON true GROUP BY p.seq`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no position');
  return row;
}

/** The 256 values of the contract over everything in force by the registry's word, in hex, and how much that is. */
export async function bookDigest(
  client: pg.Client,
): Promise<{ readonly inForce: number; readonly buckets: string }> {
  const { rows } = await client.query<{ sub_id: string; version: number }>(
    'SELECT sub_id, version FROM marks WHERE in_force AND NOT kept',
  );
  const buckets = Buffer.alloc(256 * 32);
  for (const { sub_id, version } of rows) {
    const item = createHash('sha256').update(`${sub_id}|${version}`).digest();
    const at = (item[0] ?? 0) * 32;
    item.forEach((byte, place) => (buckets[at + place] = (buckets[at + place] ?? 0) ^ byte));
  }
  return { inForce: rows.length, buckets: buckets.toString('hex') };
}

/** Keeps the books as they stand, as a backup would. */
export async function backUp(sandbox: Sandbox, bureau: BureauName): Promise<void> {
  await inBook(sandbox, bureau, async (client) => {
    await client.query('CREATE SCHEMA backup');
    for (const table of bookTables)
      await client.query(`CREATE TABLE backup.${table} AS TABLE public.${table}`);
  });
}

/** Puts them back under a bureau that stands still; it finds its connections cut. */
export async function putBack(sandbox: Sandbox, bureau: BureauName): Promise<void> {
  await inBook(sandbox, bureau, async (client) => {
    await client.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await client.query(`TRUNCATE ${bookTables.join(', ')}`);
    for (const table of bookTables) await client.query(`INSERT INTO public.${table} TABLE backup.${table}`);
    await client.query('DROP SCHEMA backup CASCADE');
  });
}

const bookTables = ['position', 'histories', 'marks', 'applied'];

/** The database of a running sandbox, entered as its owner: for looking, and for doing what nobody may. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Sandbox } from './sandbox.js';

/** Runs with a connection of the owner to the sandbox's database, or to another of its server. */
export async function asOwner<T>(
  sandbox: Sandbox,
  act: (client: pg.Client) => Promise<T>,
  { database = 'tyiym', user = 'tyiym_owner', secret = 'tyiym_owner' } = {},
): Promise<T> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: sandbox.place.base + 30, database, user },
    password: readFileSync(sandbox.file('secrets', secret), 'utf8').trim(),
  });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** The same as PostgreSQL's superuser, outside the registry's database. */
export function asSuperuser<T>(sandbox: Sandbox, act: (client: pg.Client) => Promise<T>): Promise<T> {
  return asOwner(sandbox, act, { database: 'postgres', user: 'postgres', secret: 'postgres' });
}

/** How many rows a query counts. */
export async function countOf(sandbox: Sandbox, query: string, values: unknown[] = []): Promise<number> {
  const { rows } = await asOwner(sandbox, (client) =>
    client.query<{ count: string }>(`SELECT count(*) FROM (${query}) q`, values),
  );
  return Number(rows[0]?.count);
}

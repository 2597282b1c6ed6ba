/**
 * SQL of a load, run by the owner of the database. A chunk goes by COPY into tables of the session and from there into
 * the registry by one statement with the head, so that the guards of the Journal hold for it as for any append. Two row
 * triggers are replaced for it: what they do or ask for each row is done in the same statement for all rows at once.
 */
import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { referencePrefix, type MadeChunk } from './chunk.js';

/** The head a chunk ends with, and the one it must find. */
export interface ChunkHead {
  readonly origin: string;
  readonly fromSize: number;
  readonly size: number;
  readonly at: string;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly kid: string;
  readonly jws: string;
}

const entryColumns =
  'index, id, kind, at, entry, seed, leaf_hash, subject_epoch, subject, version, party, commitment';
const refusalColumns =
  'subject, subject_epoch, state, version, lock_hours, placed_at, moved_leaf, entry_index';
const checkColumns =
  'check_id, lender, entry_index, subject_epoch, subject, product, stage, loan_ref, verdict, version, at, valid_until';

/** What a chunk of each kind also writes, and the row triggers that its statement takes the place of. */
const kinds = {
  'refusal.inherited': {
    table: 'refusals',
    columns: refusalColumns,
    replaced: { feed_item: 'entries', refusals_guard: 'refusals' },
    feed: `INSERT INTO feed (seq, entry_index, entry_id, kind, subject_epoch, subject, version, at)
      SELECT h.feed_seq + row_number() OVER (ORDER BY e.index), e.index, e.id, e.kind, e.subject_epoch, e.subject,
        e.version, e.at FROM load_entries e CROSS JOIN journal_head h RETURNING 1`,
    counters: 'state_version = state_version + $10, feed_seq = feed_seq + $10',
  },
  'check.made': {
    table: 'checks',
    columns: checkColumns,
    replaced: {},
    feed: 'SELECT 1 FROM load_entries',
    counters: 'state_version = state_version + 0 * $10',
  },
} as const;
export type LoadedKind = keyof typeof kinds;

/** Makes the tables of the session. */
export async function prepareSession(client: ClientBase): Promise<void> {
  // Longer than a check may take, and shorter than the watchdog of the head allows; loading is no wait for anybody else.
  await client.query(
    `SET statement_timeout = '60s'; SET synchronous_commit = 'off'; SET temp_buffers = '64MB'`,
  );
  await client.query(`CREATE TEMP TABLE load_entries (LIKE entries) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE load_refusals (LIKE refusals) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE load_checks (LIKE checks) ON COMMIT DELETE ROWS`);
}

/** Writes one chunk, all or nothing. @throws when the head is not where the chunk begins, or goes back */
export async function writeChunk(
  client: ClientBase,
  kind: LoadedKind,
  made: MadeChunk,
  head: ChunkHead,
): Promise<void> {
  const { table, columns, replaced, feed, counters } = kinds[kind];
  await client.query('BEGIN');
  try {
    await copyIn(client, `COPY load_entries (${entryColumns}) FROM STDIN`, made.entries);
    await copyIn(client, `COPY load_${table} (${columns}) FROM STDIN`, made.rows);
    const triggers = Object.entries(replaced);
    for (const [name, of] of triggers) await client.query(`ALTER TABLE ${of} DISABLE TRIGGER ${name}`);
    const { size, fromSize } = head;
    const { rows } = await client.query<Record<string, number>>(
      `WITH moved AS (
         UPDATE journal_head SET size = $2, root = $5, frontier = $6, last_at = $4, ${counters}
         WHERE origin = $1 AND size = $3 RETURNING 1),
       signed AS (INSERT INTO heads (size, from_size, at, root, frontier, kid, jws)
         VALUES ($2, $3, $4, $5, $6, $7, $8) RETURNING 1),
       appended AS (INSERT INTO entries (${entryColumns}) SELECT ${entryColumns} FROM load_entries RETURNING 1),
       written AS (INSERT INTO ${table} (${columns}) SELECT ${columns} FROM load_${table} RETURNING 1),
       fed AS (${feed})
       SELECT (SELECT count(*) FROM moved)::integer AS moved, (SELECT count(*) FROM signed)::integer AS signed,
         (SELECT count(*) FROM appended)::integer AS appended, (SELECT count(*) FROM written)::integer AS written,
         (SELECT count(*) FROM fed)::integer AS fed,
         (SELECT count(*) FROM load_entries e JOIN load_${table} r ON r.entry_index = e.index AND r.subject = e.subject
            AND r.subject_epoch = e.subject_epoch AND r.version = e.version WHERE e.kind = $9)::integer AS agreeing`,
      [
        head.origin,
        size,
        fromSize,
        head.at,
        head.root,
        head.frontier,
        head.kid,
        head.jws,
        kind,
        size - fromSize,
      ],
    );
    const counts = rows[0] ?? {};
    assert(counts['moved'] === 1 && counts['signed'] === 1, 'the head has moved');
    for (const name of ['appended', 'written', 'fed', 'agreeing'])
      assert(counts[name] === size - fromSize, `rows were lost: ${name}`);
    for (const [name, of] of triggers) await client.query(`ALTER TABLE ${of} ENABLE TRIGGER ${name}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** How far an earlier load came. */
export async function loadedSoFar(
  client: ClientBase,
): Promise<{ readonly refusals: number; readonly checks: number; readonly lastSubject: Buffer | undefined }> {
  const { rows } = await client.query<{ refusals: number; checks: number; last: number | null }>(
    `SELECT count(*) FILTER (WHERE kind = 'refusal.inherited') AS refusals,
       count(*) FILTER (WHERE kind = 'check.made' AND strpos(entry, '"loanRef":"${referencePrefix}') > 0) AS checks,
       max(index) FILTER (WHERE kind = 'refusal.inherited') AS last FROM entries`,
  );
  const [counted] = rows;
  assert(counted !== undefined);
  const found = await client.query<{ subject: Buffer }>('SELECT subject FROM entries WHERE index = $1', [
    counted.last,
  ]);
  return { refusals: counted.refusals, checks: counted.checks, lastSubject: found.rows[0]?.subject };
}

/** Partitions for what comes; the clerk makes them only each so often. */
export async function makePartitions(client: ClientBase): Promise<void> {
  await client.query('SELECT make_partitions(14)');
}

/** What a server does by itself after a while, so that what is measured afterwards is not that. */
export async function settleTables(client: ClientBase, table: string): Promise<void> {
  await client.query(`SET statement_timeout = 0`);
  await client.query(`VACUUM (ANALYZE) ${table}`);
}

async function copyIn(client: ClientBase, sql: string, bytes: Uint8Array): Promise<void> {
  const stream = client.query(copyFrom(sql));
  stream.end(bytes);
  await finished(stream);
}

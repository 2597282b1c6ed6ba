/**
 * SQL of a load, run by the owner of the database. A chunk goes by COPY into the registry and is followed in the same
 * transaction by its head, whose guards hold for it as for any append. The triggers on the rows are replaced: what they do
 * or ask for each row, and that no entry lies beyond the head, is done for all rows at once by the statement of the head.
 */
import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { SubjectKey } from '#libs/subject/subject.js';
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

/** What a chunk of each kind also writes, and the triggers that the statement of its head takes the place of. */
const kinds = {
  'refusal.inherited': {
    table: 'refusals',
    columns: refusalColumns,
    replaced: { entries_guard: 'entries', feed_item: 'entries', refusals_guard: 'refusals' },
    feed: `INSERT INTO feed (seq, entry_index, entry_id, kind, subject_epoch, subject, version, at)
      SELECT h.feed_seq + row_number() OVER (ORDER BY e.index), e.index, e.id, e.kind, e.subject_epoch, e.subject,
        e.version, e.at FROM entries e CROSS JOIN journal_head h WHERE e.index >= $3 AND e.index < $2 RETURNING 1`,
    // LIMIT makes it an index search for each entry: a join would read all refusals for each chunk.
    agreeing: `SELECT count(*) FROM entries e CROSS JOIN LATERAL (SELECT FROM refusals r WHERE r.subject = e.subject
        AND r.subject_epoch = e.subject_epoch AND r.entry_index = e.index AND r.version = e.version
        AND r.moved_leaf = e.leaf_hash LIMIT 1) r
      WHERE e.index >= $3 AND e.index < $2 AND e.kind = 'refusal.inherited'`,
    counters: 'state_version = state_version + $9::bigint, feed_seq = feed_seq + $9::bigint',
  },
  'check.made': {
    table: 'checks',
    columns: checkColumns,
    replaced: { entries_guard: 'entries' },
    feed: 'SELECT 1 FROM generate_series(1, $9::bigint)',
    // No trigger looks at a check.
    agreeing: 'SELECT $9::bigint',
    counters: 'state_version = state_version',
  },
} as const;
export type LoadedKind = keyof typeof kinds;

/** Sets what holds for a session that writes chunks. */
export async function prepareSession(client: ClientBase): Promise<void> {
  // Longer than a check may take, and shorter than the watchdog of the head allows; loading is no wait for anybody else.
  await client.query(`SET statement_timeout = '60s'; SET synchronous_commit = 'off'`);
}

/** Writes one chunk, all or nothing. @throws when the head is not where the chunk begins, or goes back */
export async function writeChunk(
  client: ClientBase,
  kind: LoadedKind,
  made: MadeChunk,
  head: ChunkHead,
): Promise<void> {
  const { table, columns, replaced } = kinds[kind];
  const { size, fromSize } = head;
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<{ size: number }>(
      'SELECT size::float8 AS size FROM journal_head WHERE origin = $1 FOR UPDATE',
      [head.origin],
    );
    assert(rows[0]?.size === fromSize, 'the head has moved');
    // Behind the head, as whoever else appends: nobody who holds it waits for these tables then.
    const triggers = Object.entries(replaced);
    for (const [name, of] of triggers) await client.query(`ALTER TABLE ${of} DISABLE TRIGGER ${name}`);
    const counts = [
      await copyIn(client, `entries (${entryColumns})`, made.entries),
      await copyIn(client, `${table} (${columns})`, made.rows),
      ...(await writeHead(client, kind, head)),
    ];
    assert(
      counts.every((count) => count === size - fromSize),
      `rows were lost: ${counts.join(' ')}`,
    );
    for (const [name, of] of triggers) await client.query(`ALTER TABLE ${of} ENABLE TRIGGER ${name}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Moves the head over the entries that were copied. @returns counts that must all be those of the chunk */
async function writeHead(client: ClientBase, kind: LoadedKind, head: ChunkHead): Promise<readonly number[]> {
  const { size, fromSize } = head;
  const { feed, agreeing, counters } = kinds[kind];
  const { rows } = await client.query<{ counts: number[] }>(
    `WITH moved AS (
       UPDATE journal_head SET size = $2, root = $5, frontier = $6, last_at = $4, ${counters}
       WHERE origin = $1 AND size = $3 RETURNING 1),
     signed AS (INSERT INTO heads (size, from_size, at, root, frontier, kid, jws)
       VALUES ($2, $3, $4, $5, $6, $7, $8) RETURNING 1),
     fed AS (${feed})
     SELECT ARRAY[(SELECT count(*) FROM fed), (${agreeing}),
       (SELECT count(*) FROM moved) * (SELECT count(*) FROM signed) * $9::bigint,
       (SELECT count(*) FROM entries WHERE index >= $3)]::integer[] AS counts`,
    [
      ...[head.origin, size, fromSize, head.at, head.root, head.frontier, head.kid, head.jws],
      size - fromSize,
    ],
  );
  return rows[0]?.counts ?? [];
}

/** How far an earlier load came. Counted where rows are short: the entries themselves are most of the database. */
export async function loadedSoFar(
  client: ClientBase,
): Promise<{ readonly refusals: number; readonly checks: number; readonly lastSubject: Buffer | undefined }> {
  await client.query('SET statement_timeout = 0');
  const { rows } = await client.query<{ refusals: number; checks: number; last: Buffer | null }>(
    `SELECT (SELECT count(*) FROM feed WHERE kind = 'refusal.inherited')::integer AS refusals,
       (SELECT count(*) FROM checks WHERE starts_with(loan_ref, '${referencePrefix}'))::integer AS checks,
       (SELECT subject FROM feed WHERE kind = 'refusal.inherited' ORDER BY seq DESC LIMIT 1) AS last`,
  );
  const [counted] = rows;
  assert(counted !== undefined);
  return { refusals: counted.refusals, checks: counted.checks, lastSubject: counted.last ?? undefined };
}

/** Whether all of these pseudonyms have a refusal. */
export async function areRefused(client: ClientBase, subjects: readonly SubjectKey[]): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM refusals WHERE subject = ANY ($1::bytea[])', [
    subjects.map(({ bytes }) => bytes),
  ]);
  return rowCount === subjects.length;
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

/** @returns how many rows there were */
async function copyIn(client: ClientBase, into: string, bytes: Uint8Array): Promise<number> {
  const stream = client.query(copyFrom(`COPY ${into} FROM STDIN (FORMAT binary)`));
  stream.end(bytes);
  await finished(stream);
  return stream.rowCount;
}

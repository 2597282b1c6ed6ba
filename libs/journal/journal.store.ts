/**
 * SQL of the Journal: the lock that is the order, one look, one append, the fence, and the proof of an old entry.
 * Every statement of the write path has a fixed text per app, so each is prepared once per connection.
 */
import assert from 'node:assert/strict';
import type { PoolClient } from 'pg';
import type { EntityManager } from 'typeorm';
import { batchProofs } from '#libs/tlog/proof.js';
import { emptyRoot, frontierFromBytes } from '#libs/tlog/tree.js';
import type { Table, Tables } from './act.js';
import type { Instant } from './instant.js';
import { bytesFromJson, instantFromJson } from './json-row.js';
import { makeReceipt, type Receipt } from './receipt.js';

/** The head row as a batch found it. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly stateVersion: number;
  readonly rulesVersion: number;
  readonly feedSeq: number;
  readonly lastAt: Instant;
  readonly clockOffsetMs: number;
  readonly keyChecks: Readonly<Record<string, string>>;
  /** Registry time by the clock of the database. */
  readonly registryNow: Instant;
}

const headColumns = `origin, size, root, frontier, state_version, rules_version, feed_seq, last_at, clock_offset_ms,
  key_checks, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + clock_offset_ms AS registry_now`;

/**
 * Begins a transaction and waits for the head row: whoever holds it sees every entry before it. The clock is read
 * outside of the locking part, because inside it would be read before the wait.
 */
export async function lockHead(client: PoolClient): Promise<Head> {
  const results: unknown = await client.query(
    `BEGIN; WITH journal_head AS MATERIALIZED (SELECT * FROM journal_head FOR UPDATE) SELECT ${headColumns} FROM journal_head`,
  );
  assert(Array.isArray(results));
  return headFromRow((results as { rows: Record<string, unknown>[] }[])[1]?.rows[0]);
}

/** The head row without a lock. */
export async function journalHead(tx: EntityManager): Promise<Head> {
  const rows: Record<string, unknown>[] = await tx.query(`SELECT ${headColumns} FROM journal_head`);
  return headFromRow(rows[0]);
}

/** The head row of a new registry; an existing one stays. Only the owner may. */
export async function insertHead(
  tx: EntityManager,
  start: { readonly origin: string; readonly keyChecks: Readonly<Record<string, string>> },
): Promise<void> {
  await tx.query(
    `INSERT INTO journal_head (origin, size, root, frontier, state_version, rules_version, feed_seq, last_at, key_checks)
     VALUES ($1, 0, $2, '', 0, 0, 0, date_trunc('milliseconds', clock_timestamp()), $3) ON CONFLICT DO NOTHING`,
    [start.origin, emptyRoot, JSON.stringify(start.keyChecks)],
  );
}

/**
 * Adds check values of lookup keys beside the live ones, at once with what else this transaction writes; from its commit
 * on a process without those keys appends nothing. Only the owner may.
 */
export async function addKeyChecks(
  tx: EntityManager,
  added: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.query('UPDATE journal_head SET key_checks = key_checks || $1::jsonb', [JSON.stringify(added)]);
}

/** A statement with a fixed text; `params` counts its placeholders. */
interface Fragment {
  readonly sql: string;
  readonly params: number;
}

const sentinels: Fragment = {
  // LIMIT makes it an index search for each epoch, however large the table has grown since the plan was made.
  sql: `SELECT count(*) FROM unnest($1::bytea[], $2::smallint[]) AS s (subject, epoch)
    CROSS JOIN LATERAL (SELECT FROM refusals r WHERE r.subject = s.subject AND r.subject_epoch = s.epoch
      AND r.state = 'sentinel' LIMIT 1) AS r`,
  params: 2,
};

/** One statement, hence one snapshot: the sentinels, and what each table is asked. */
export function lookSql(tables: Tables): string {
  const looks = Object.values(tables).flatMap((table) => (table.look ? [{ table, look: table.look }] : []));
  const fragments = looks.map(({ look }) => ({ sql: look.sql, params: countParams(look.sql) }));
  const numbered = renumber([sentinels, ...fragments]);
  const columns = looks.map(
    ({ table }, place) =>
      `(SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM (${numbered[place + 1] ?? ''}) x) AS "${table.name}"`,
  );
  return `SELECT ${[`(${numbered[0] ?? ''}) AS sentinels`, ...columns].join(',\n')}`;
}

const moved: Fragment = {
  sql: `UPDATE journal_head SET size = $1, root = $2, frontier = $3, state_version = $4, rules_version = $5,
      feed_seq = $6, last_at = $7
    WHERE origin = $8 AND size = $9 AND state_version = $10 AND rules_version = $11 AND key_checks = $12::jsonb
      AND abs(extract(epoch FROM registry_now() - $7::timestamptz)) <= 1
    RETURNING 1`,
  params: 12,
};
const signed: Fragment = {
  sql: `INSERT INTO heads (size, from_size, at, root, frontier, kid, jws)
    VALUES ($1::bigint, $2::bigint, $3::timestamptz, $4::bytea, $5::bytea, $6::text, $7::text) RETURNING 1`,
  params: 7,
};
const appended: Fragment = {
  sql: `INSERT INTO entries (index, id, kind, at, entry, seed, leaf_hash, subject_epoch, subject, version, party)
    SELECT u.index, u.id, u.kind, $11::timestamptz, u.entry, u.seed, u.leaf_hash, u.subject_epoch, u.subject, u.version, u.party
    FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::smallint[], $8::bytea[],
      $9::integer[], $10::text[]) AS u (index, id, kind, entry, seed, leaf_hash, subject_epoch, subject, version, party)
    RETURNING 1`,
  params: 11,
};

/** One statement: the head row moved by compare, the signed head, the entries, and the rows of every table. */
export function appendSql(tables: Tables): string {
  const inserts = Object.values(tables).flatMap((table) =>
    table.insert ? [{ table, sql: table.insert.sql }] : [],
  );
  const fragments = inserts.map(({ sql }) => ({ sql, params: countParams(sql) }));
  const numbered = renumber([moved, signed, appended, ...fragments]);
  const names = ['moved', 'signed', 'appended', ...inserts.map(({ table }) => `t_${table.name}`)];
  const parts = names.map((name, place) => `"${name}" AS (${numbered[place] ?? ''})`);
  const counts = names.map((name) => `(SELECT count(*) FROM "${name}")::integer AS "${name}"`);
  return `WITH ${parts.join(',\n')}\nSELECT ${counts.join(', ')}`;
}

/** Makes an append whose outcome is unknown either visible or impossible: it waits for the orphan's lock. */
export const fenceSql = 'UPDATE journal_head SET state_version = state_version + 1';

/** Whether the batch that ends at this size committed: a batch is all or nothing. */
export async function committed(client: PoolClient, size: number, root: Buffer): Promise<boolean> {
  const { rows } = await client.query('SELECT 1 FROM heads WHERE size = $1 AND root = $2', [size, root]);
  return rows.length === 1;
}

/** The receipt of one entry, as `readReceipts` gives it. */
export async function readReceipt(tx: EntityManager, index: number): Promise<Receipt | undefined> {
  return (await readReceipts(tx, [index])).get(index);
}

/**
 * The receipts of entries of any age: a proof comes from the frontier of the head before the entry's batch and the leaf
 * hashes of the batch, under the head that was signed then.
 * @returns without those of which there is no such entry, or not for this role, or its person was erased.
 */
export async function readReceipts(
  tx: EntityManager,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, Receipt>> {
  const receipts = new Map<number, Receipt>();
  let wanted = [...indexes].sort((a, b) => a - b);
  while (wanted[0] !== undefined) {
    const batch = await batchOf(tx, wanted[0]);
    if (batch === undefined) break;
    const { head, proofs } = batch;
    const entries: { index: number; entry: string | null; seed: Buffer | null }[] = await tx.query(
      'SELECT index, entry, seed FROM entries WHERE index = ANY ($1::bigint[])',
      [wanted.filter((index) => index < head.size)],
    );
    for (const { index, entry, seed } of entries) {
      const proof = proofs[index - head.from_size];
      assert(proof !== undefined);
      if (entry && seed)
        receipts.set(index, makeReceipt({ entryText: entry, seed, index, proof, head: head.jws }));
    }
    wanted = wanted.filter((index) => index >= head.size);
  }
  return receipts;
}

interface HeadRow {
  readonly size: number;
  readonly from_size: number;
  readonly jws: string;
  readonly before: Buffer | null;
}

/** The batch that appended this entry: its signed head, and the proof of each of its entries. */
async function batchOf(
  tx: EntityManager,
  index: number,
): Promise<{ readonly head: HeadRow; readonly proofs: readonly Buffer[][] } | undefined> {
  const [head]: HeadRow[] = await tx.query(
    `SELECT h.size, h.from_size, h.jws, (SELECT frontier FROM heads p WHERE p.size = h.from_size) AS before
     FROM heads h WHERE h.size > $1 ORDER BY h.size LIMIT 1`,
    [index],
  );
  if (head === undefined || head.from_size > index) return undefined;
  const leaves: { leaf_hash: Buffer }[] = await tx.query('SELECT leaf_hash FROM leaf_hashes($1, $2)', [
    head.from_size,
    head.size,
  ]);
  assert(leaves.length === head.size - head.from_size, 'a batch is whole');
  const before = frontierFromBytes(head.from_size, head.before ?? Buffer.alloc(0));
  return {
    head,
    proofs: batchProofs(
      before,
      leaves.map(({ leaf_hash }) => leaf_hash),
    ),
  };
}

/** For how many days from today on partitions exist, and whether today and the next entries have theirs. */
export async function partitionsAhead(
  tx: EntityManager,
  entries: number,
): Promise<{ readonly days: number; readonly areThere: boolean }> {
  const rows: { days: number; found: number }[] = await tx.query(
    `SELECT days_ahead() AS days, (
       SELECT count(*)::integer FROM journal_head h
       CROSS JOIN to_char(registry_now() AT TIME ZONE 'UTC', 'YYYYMMDD') AS today
       CROSS JOIN LATERAL (VALUES ('checks', 'checks_' || today), ('idempotency_keys', 'idempotency_keys_' || today),
         ('entries', 'entries_' || lpad(((h.size + $1) / 1000000)::text, 6, '0'))) AS need (parent, part)
       JOIN pg_class c ON c.relname = need.part
       JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = need.parent::regclass) AS found`,
    [entries],
  );
  return { days: rows[0]?.days ?? -1, areThere: rows[0]?.found === 3 };
}

/** Looks of tables that have one, in the order of `lookSql`. */
export function lookTables(
  tables: Tables,
): readonly Required<Pick<Table<unknown, unknown>, 'name' | 'look'>>[] {
  return Object.values(tables).flatMap((table) =>
    table.look ? [{ name: table.name, look: table.look }] : [],
  );
}

function countParams(sql: string): number {
  return Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
}

/** Each fragment counts its placeholders from $1; joined, they go on where the one before ended. */
function renumber(fragments: readonly Fragment[]): readonly string[] {
  let offset = 0;
  return fragments.map(({ sql, params }) => {
    const from = offset;
    offset += params;
    return sql.replace(/\$(\d+)/g, (_, number: string) => `$${Number(number) + from}`);
  });
}

function headFromRow(row: Record<string, unknown> | undefined): Head {
  assert(row !== undefined, 'no head row: run `tool migrate`');
  const at = (value: unknown): Instant =>
    value instanceof Date ? value.getTime() : (instantFromJson(value) ?? 0);
  const bytes = (value: unknown): Buffer => (Buffer.isBuffer(value) ? value : bytesFromJson(value));
  return {
    origin: row['origin'] as string,
    size: row['size'] as number,
    root: bytes(row['root']),
    frontier: bytes(row['frontier']),
    stateVersion: row['state_version'] as number,
    rulesVersion: row['rules_version'] as number,
    feedSeq: row['feed_seq'] as number,
    lastAt: at(row['last_at']),
    clockOffsetMs: row['clock_offset_ms'] as number,
    keyChecks: row['key_checks'] as Record<string, string>,
    registryNow: row['registry_now'] as number,
  };
}

/** SQL of the Journal beside its write path: the head row, the fence, partitions, and the proof of an old entry. */
import assert from 'node:assert/strict';
import type { PoolClient } from 'pg';
import type { EntityManager } from 'typeorm';
import { batchProofs } from '#libs/tlog/proof.js';
import { emptyRoot, frontierFromBytes } from '#libs/tlog/tree.js';
import type { Instant } from './instant.js';
import type { Head } from './head-row.js';
import { bytesFromJson, instantFromJson } from './json-row.js';
import { makeReceipt, saltsOf, type Receipt } from './receipt.js';

/** What `headFromRow` reads. */
export const headColumns = `origin, size, root, frontier, state_version, rules_version, feed_seq, last_at, clock_offset_ms,
  key_checks, identity_checks, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + clock_offset_ms AS registry_now`;

/**
 * Why nobody may be answered from this database; NULL when nothing is known against it. `published`: the signer has not
 * held it against what was published since its server started (where none ever did nothing was published; a copy that was
 * put back is in another life). Otherwise the kind of a doubt that the clerk's worker found.
 */
export const whySilent = `CASE WHEN coalesce((SELECT life IS NOT DISTINCT FROM database_life() FROM comparisons), true)
  THEN (SELECT kind FROM doubts LIMIT 1) ELSE 'published' END`;

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

/** Adds the check value of an identity key beside the live ones. Only the owner may. */
export async function addIdentityChecks(
  tx: EntityManager,
  added: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.query('UPDATE journal_head SET identity_checks = identity_checks || $1::jsonb', [
    JSON.stringify(added),
  ]);
}

/** Takes away the check value of an identity key that wraps nothing any more. Only the owner may. */
export async function removeIdentityCheck(tx: EntityManager, id: string): Promise<void> {
  await tx.query('UPDATE journal_head SET identity_checks = identity_checks - $1::text', [id]);
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
        receipts.set(
          index,
          makeReceipt({ entryText: entry, ...saltsOf(entry, seed), index, proof, head: head.jws }),
        );
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

/** A row of `headColumns`. */
export function headFromRow(row: Record<string, unknown> | undefined): Head {
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
    identityChecks: row['identity_checks'] as Record<string, string>,
    registryNow: row['registry_now'] as number,
  };
}

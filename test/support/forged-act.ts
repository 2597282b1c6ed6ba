/**
 * Acts as somebody with the password of a database role would slip them in: every hash and count is as it should be, the
 * entry stands under a head of its own, and the rows come with it. What is missing are the officials and the head key.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { canonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafWith, saltOf } from '#libs/journal/commitment.js';
import { movesRules, movesState, type EntryKind } from '#libs/journal/entry.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { appendLeaves, frontierFromBytes, frontierToBytes, leafHash, rootOf } from '#libs/tlog/tree.js';

export interface Forgery {
  readonly kind: EntryKind;
  readonly body: Readonly<Record<string, unknown>>;
  /** The signed head over it; that of the newest honest commit unless said. */
  readonly jws?: (head: { readonly size: number; readonly root: Buffer; readonly at: number }) => string;
  /** Rows that come with it, run behind the entry; `$1` is its index, `$2` its instant. */
  readonly rows?: readonly string[];
}

/**
 * Appends the entry and its rows in one statement, as the database demands.
 * @returns the index of the entry
 */
export async function forgeAct(client: pg.Client, forgery: Forgery): Promise<number> {
  const { rows: heads } = await client.query<{ size: string; frontier: Buffer; at: Date; jws: string }>(
    `SELECT h.size, h.frontier, greatest(h.last_at, registry_now())::timestamptz(3) AS at,
       (SELECT jws FROM heads ORDER BY size DESC LIMIT 1) AS jws FROM journal_head h`,
  );
  const [head] = heads;
  assert(head);
  const [index, at, seed] = [Number(head.size), head.at, randomBytes(32)];
  const { kind, body } = forgery;
  const uuid = newUuid(at.getTime());
  const own = { v: 1, id: uuidToId('ent', uuid), kind, at: formatInstant(at.getTime()) };
  const text = canonical({ ...own, ...body });
  const commitment = commitmentOf(text, saltOf(seed));
  const hash = leafHash(leafWith(commitment));
  const after = appendLeaves(frontierFromBytes(index, head.frontier), [hash]);
  const [root, frontier] = [rootOf(after), frontierToBytes(after)];
  const jws = forgery.jws?.({ size: index + 1, root, at: at.getTime() }) ?? head.jws;
  const rows = (forgery.rows ?? []).map((sql, place) => `, r${place} AS (${sql} RETURNING 1)`);
  await client.query(
    `WITH moved AS (UPDATE journal_head SET size = $1::bigint + 1, root = $3, frontier = $4, last_at = $2::timestamptz,
         state_version = state_version + $5::integer, rules_version = rules_version + $6::integer RETURNING 1),
       signed AS (INSERT INTO heads SELECT $1::bigint + 1, $1, $2, $3, $4, kid, $7 FROM heads ORDER BY size DESC LIMIT 1),
       appended AS (INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash)
         VALUES ($1, $8, $9, $2, $10, $11, $12, $13))${rows.join('')} SELECT`,
    [
      ...[index, at, root, frontier, movesState(kind) ? 1 : 0, movesRules(kind) ? 1 : 0, jws],
      ...[uuid, kind, text, seed, commitment, hash],
    ],
  );
  return index;
}

/**
 * A lift as the owner of the database would slip it in: every hash, count and row is as it should be, and even the
 * person is right. What he does not have are the citizen's signature and a head key.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { canonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafWith, personOf, personSaltOf, saltOf } from '#libs/journal/commitment.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { appendLeaves, frontierFromBytes, frontierToBytes, leafHash, rootOf } from '#libs/tlog/tree.js';

interface Standing {
  readonly size: string;
  readonly frontier: Buffer;
  readonly at: Date;
  readonly subject: Buffer;
  readonly epoch: number;
  readonly version: number;
  readonly prev: Buffer;
}

/**
 * Lifts the refusal with the longest lock.
 * @param iin of the person whose refusal that is
 * @returns the index of the entry
 */
export async function forgeLift(client: pg.Client, iin: string): Promise<number> {
  const { rows } = await client.query<Standing>(
    `SELECT h.size, h.frontier, clock_timestamp()::timestamptz(3) AS at, r.subject, r.subject_epoch AS epoch, r.version,
       r.moved_leaf AS prev FROM journal_head h, refusals r WHERE r.state = 'in-force' ORDER BY r.lock_hours DESC LIMIT 1`,
  );
  const [standing] = rows;
  assert(standing);
  const { frontier, at, subject, epoch, prev } = standing;
  const [index, version, uuid, seed] = [
    Number(standing.size),
    standing.version + 1,
    newUuid(at.getTime()),
    randomBytes(32),
  ];
  const text = canonical({
    ...{ v: 1, id: uuidToId('ent', uuid), kind: 'refusal.lifted', at: formatInstant(at.getTime()) },
    ...{ person: personOf(personSaltOf(seed), iin), version, prev: prev.toString('base64url') },
    requestedBy: uuidToId('ent', newUuid(at.getTime())),
  });
  const commitment = commitmentOf(text, saltOf(seed));
  const hash = leafHash(leafWith(commitment));
  const after = appendLeaves(frontierFromBytes(index, frontier), [hash]);
  const [root, hashes] = [rootOf(after), frontierToBytes(after)];
  await client.query(
    `INSERT INTO entries (index, id, kind, at, entry, seed, leaf_hash, subject_epoch, subject, version, commitment)
     VALUES ($1, $2, 'refusal.lifted', $3, $4, $5, $6, $7, $8, $9, $10)`,
    [index, uuid, at, text, seed, hash, epoch, subject, version, commitment],
  );
  await client.query(
    `INSERT INTO heads SELECT $1::bigint + 1, $1, $2, $3, $4, kid, jws FROM heads ORDER BY size DESC LIMIT 1`,
    [index, at, root, hashes],
  );
  await client.query(
    `UPDATE journal_head SET size = size + 1, root = $1, frontier = $2, last_at = $3,
       state_version = state_version + 1, feed_seq = feed_seq + 1`,
    [root, hashes, at],
  );
  await client.query(
    `UPDATE refusals SET state = 'none', version = $1, placed_at = NULL, moved_leaf = $2, entry_index = $3 WHERE subject = $4`,
    [version, hash, index, subject],
  );
  return index;
}

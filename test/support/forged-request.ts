/**
 * An entry as the thief of one database password would append it: by plain SQL under that role, with every count and
 * hash as the triggers want it, and whatever head he can make. He has no key unless he is given one. The owner of the
 * database slips it in past the triggers.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { canonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafWith, personOf, personSaltOf, saltOf } from '#libs/journal/commitment.js';
import { signHead } from '#libs/journal/head.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { appendLeaves, frontierFromBytes, frontierToBytes, leafHash, rootOf } from '#libs/tlog/tree.js';
import { iss } from './journals.js';
import type { ScenePerson } from './signed-acts.js';

export interface ForgedEntry {
  readonly kind: string;
  readonly version: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Signs the head; without one the head is the newest honest one's, copied. */
  readonly head?: SigningKey;
  /** Entry whose signed document is kept under this one, too. */
  readonly documentOf?: number;
}

interface Standing {
  readonly origin: string;
  readonly size: number;
  readonly frontier: Buffer;
  readonly at: Date;
}

/** The same entry as whoever owns the disk leaves it. @param superuser a superuser's client */
export async function forgePastGuards(
  superuser: pg.Client,
  person: Pick<ScenePerson, 'iin' | 'subject'>,
  entry: ForgedEntry,
): Promise<number> {
  await superuser.query('SET session_replication_role = replica');
  try {
    return await forgeEntry(superuser, person, entry);
  } finally {
    await superuser.query('SET session_replication_role = DEFAULT');
  }
}

/** @param client of the role whose password it is. @returns the index of the entry. @throws as the database refuses it */
export async function forgeEntry(
  client: pg.Client,
  person: Pick<ScenePerson, 'iin' | 'subject'>,
  { kind, version, body, head, documentOf }: ForgedEntry,
): Promise<number> {
  await client.query('BEGIN');
  const { rows } = await client.query<Standing>(
    `SELECT origin, size, frontier, greatest(last_at, registry_now()::timestamptz(3)) AS at FROM journal_head FOR UPDATE`,
  );
  const [standing] = rows;
  assert(standing);
  const { origin, frontier, at } = standing;
  const index = Number(standing.size);
  const [uuid, seed] = [newUuid(at.getTime()), randomBytes(32)];
  const text = canonical({
    ...{ v: 1, id: uuidToId('ent', uuid), kind, at: formatInstant(at.getTime()) },
    ...{ person: personOf(personSaltOf(seed), person.iin), version, ...body },
  });
  const commitment = commitmentOf(text, saltOf(seed));
  const after = appendLeaves(frontierFromBytes(index, frontier), [leafHash(leafWith(commitment))]);
  const payload = {
    ...{ iss, iat: Math.floor(at.getTime() / 1000), origin, size: index + 1 },
    root: rootOf(after).toString('base64url'),
  };
  const jws = head && signHead(head.key, head.kid, payload);
  await client.query(
    `WITH moved AS (UPDATE journal_head SET size = size + 1, root = $2, frontier = $3, last_at = $4,
         state_version = state_version + 1 RETURNING 1),
       signed AS (INSERT INTO heads SELECT $1::bigint + 1, $1, $4, $2, $3, coalesce($5, kid), coalesce($6, jws)
         FROM heads ORDER BY size DESC LIMIT 1 RETURNING 1),
       appended AS (INSERT INTO entries (index, id, kind, at, entry, seed, leaf_hash, subject_epoch, subject, version,
           commitment) VALUES ($1, $7, $8, $4, $9, $10, $11, $12, $13, $14, $15) RETURNING 1)
     SELECT FROM moved, signed, appended`,
    [
      ...[index, rootOf(after), frontierToBytes(after), at, head?.kid ?? null, jws ?? null],
      ...[uuid, kind, text, seed, leafHash(leafWith(commitment))],
      ...[person.subject.epoch, person.subject.bytes, version, commitment],
    ],
  );
  if (documentOf !== undefined)
    await client.query(
      `INSERT INTO signed_documents SELECT $1, application_id, person_id, document, cms, revocation, revocation_kind, false
       FROM signed_documents WHERE entry_index = $2`,
      [index, documentOf],
    );
  await client.query('SELECT ask_clerk_to_move($1, now())', [index]);
  await client.query('COMMIT');
  return index;
}

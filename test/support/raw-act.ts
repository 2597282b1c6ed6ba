/** Entries about parties put into a database that has no Journal yet, as founding would leave them. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { canonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafWith, saltOf } from '#libs/journal/commitment.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { leafHash } from '#libs/tlog/tree.js';
import { pastGuards } from './database.js';

/** Adds one behind the newest. */
export async function addRawAct(
  superuser: pg.Client,
  kind: string,
  body: Readonly<Record<string, unknown>>,
  at = Date.now(),
): Promise<void> {
  const [uuid, seed] = [newUuid(at), randomBytes(32)];
  const text = canonical({ v: 1, id: uuidToId('ent', uuid), kind, at: formatInstant(at), ...body });
  const commitment = commitmentOf(text, saltOf(seed));
  await pastGuards(
    superuser,
    `INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash)
     VALUES ((SELECT coalesce(max(index) + 1, 0) FROM entries), $1, $2, $3, $4, $5, $6, $7)`,
    [uuid, kind, new Date(at), text, seed, commitment, leafHash(leafWith(commitment))],
  );
  await superuser.query('INSERT INTO registry_acts SELECT max(index) FROM entries');
}

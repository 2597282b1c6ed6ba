import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { canonical } from '#libs/journal/canonical.js';
import { commitmentOf, leafWith, saltOf } from '#libs/journal/commitment.js';
import { entryKinds, type EntryKind } from '#libs/journal/entry.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { leafHash } from '#libs/tlog/tree.js';
import { checkEntryRow, type EntryRow } from './entry-rows.js';

const at = Date.UTC(2026, 2, 1);

function rowOf(kind: EntryKind): EntryRow {
  const uuid = newUuid(at);
  const text = canonical({ v: 1, id: uuidToId('ent', uuid), kind, at: formatInstant(at) });
  const seed = randomBytes(32);
  const commitment = commitmentOf(text, saltOf(seed));
  const plain = { version: null, party: null };
  return {
    index: 0,
    uuid,
    kind,
    at,
    text,
    seed,
    commitment,
    leafHash: leafHash(leafWith(commitment)),
    ...plain,
  };
}

it.each(entryKinds)('an entry of kind %s without its text or its seed is found', (kind) => {
  const row = rowOf(kind);
  expect(checkEntryRow(row, undefined).findings).toEqual([]);
  for (const gone of [{ text: null }, { seed: null }, { text: null, seed: null }])
    expect(checkEntryRow({ ...row, ...gone }, undefined).findings).toEqual([
      expect.objectContaining({ code: 'entry-blanked', index: 0 }),
    ]);
});

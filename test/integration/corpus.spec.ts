/**
 * The recorded corpus against this commit: what was answered, written and published then still verifies, and the same
 * scene has the same shapes now. `RECORD_CORPUS=1` records it anew, which discards what it is for: only a deliberate
 * change of the wire or of an entry's members is a reason, and its commit names the shape that moved.
 */
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { canonical } from '#libs/journal/canonical.js';
import { leafOf, saltOf } from '#libs/journal/commitment.js';
import { openHead } from '#libs/journal/verify-head.js';
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import { parseCheckpoint, parseVkey, verifyNote } from '#libs/tlog/note.js';
import { appendLeaves, emptyFrontier, leafHash, rootOf } from '#libs/tlog/tree.js';
import { corpusScene } from '../support/corpus-scene.js';
import { readCorpus, receiptsOf, shapesOf, writeCorpus, type Corpus } from '../support/corpus.js';

let recorded: Corpus;
let played: Corpus;
beforeAll(async () => {
  played = await corpusScene();
  if (process.env['RECORD_CORPUS'] === '1') writeCorpus(played);
  recorded = readCorpus();
}, 180_000);

const rootAt = (size: number): string => {
  const leaves = recorded.entries.slice(0, size).map(({ leafHash: hash }) => Buffer.from(hash, 'base64url'));
  return rootOf(appendLeaves(emptyFrontier, leaves)).toString('base64url');
};

/** Members of twelve rules that a registry opened with when the corpus was recorded and that no code read. */
const ofLawThatNoCodeRead =
  /^\/regime\/#\/(appliesTo|value\/(cardLimitUpTo150Mci|counted|days|daysOff|daysWorked|from|refinancingSameLender|week)\b)/;

describe('the recorded corpus', () => {
  it('holds at least 200 answers, 200 entries and 150 receipts', () => {
    expect(recorded.answers.length).toBeGreaterThanOrEqual(200);
    expect(recorded.entries.length).toBeGreaterThanOrEqual(200);
    expect(receiptsOf(recorded).length).toBeGreaterThanOrEqual(150);
  });

  it('has entries in canonical form, whose salted leaves have the recorded hashes', () => {
    for (const { index, entry, seed, leafHash: hash } of recorded.entries) {
      const text = canonical(JSON.parse(entry) as object);
      const leaf = leafOf(entry, saltOf(Buffer.from(seed, 'base64url')));
      expect([index, text, leafHash(leaf).toString('base64url')]).toEqual([index, entry, hash]);
    }
  });

  it('has heads that the recorded keys signed, over the roots of its leaves', async () => {
    for (const { size, root, jws } of recorded.heads) {
      const { payload } = await openHead(jws, recorded.log.jwks);
      expect([payload.size, payload.root, root]).toEqual([size, root, rootAt(size)]);
    }
  });

  it('has a checkpoint that its log and its witness signed, over the same tree', () => {
    const { checkpoint, vkey, witness, origin } = recorded.log;
    const { text, signedBy } = verifyNote(checkpoint, [vkey, witness].map(parseVkey));
    const { size, root } = parseCheckpoint(text);
    expect(signedBy).toEqual([origin, parseVkey(witness).name]);
    expect([size, root.toString('base64url')]).toEqual([recorded.entries.length, rootAt(size)]);
  });

  it('has receipts that verify, each for its person', async () => {
    const { now, origin, issuer, jwks } = recorded.log;
    for (const { receipt, iin, place } of receiptsOf(recorded)) {
      const { person } = await verifyReceipt(receipt, jwks, {
        ...{ now, origin, issuer },
        ...(iin !== undefined && { iin }),
      });
      expect([place, person]).not.toEqual([place, 'not-compared']);
    }
  });

  it('has the shapes that this commit gives: members and types of each answer and each entry, names of headers', () => {
    const { 'registry.opened': opened = [], ...others } = shapesOf(recorded);
    const law = opened.filter((path) => !ofLawThatNoCodeRead.test(path));
    expect(shapesOf(played)).toEqual({ ...others, 'registry.opened': law });
  });
});

/** Digests and the keys of streams. */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { bucketOf, differingBuckets, emptyVector, itemOf, toggled, type Toggle } from './digest.js';
import { setAfter } from './sealing.js';
import { bureauKey, dayKey, subIdOf } from './stream-keys.js';

const person = (n: number): Buffer => createHash('sha256').update(String(n)).digest();
const placed = (n: number, version = 1): Toggle => ({ kind: 'refusal-placed', subId: person(n), version });
const lifted = (n: number, version = 2): Toggle => ({ kind: 'refusal-lifted', subId: person(n), version });

describe('a digest', () => {
  it('is written by hand as the document says', () => {
    const subId = Buffer.alloc(32);
    const text = `${'A'.repeat(43)}|7`;
    expect(itemOf({ subId, version: 7 })).toEqual(createHash('sha256').update(text).digest());
  });

  it('of one refusal differs in its bucket alone, and is nothing once it is lifted', () => {
    const one = toggled(emptyVector(), [placed(1)]);
    expect(differingBuckets(one, emptyVector())).toEqual([
      bucketOf(itemOf({ subId: person(1), version: 1 })),
    ]);
    expect(toggled(one, [lifted(1)])).toEqual(emptyVector());
  });

  it('does not depend on the order, and knows a version from the next', () => {
    const all = Array.from({ length: 300 }, (_, n) => placed(n));
    expect(toggled(emptyVector(), all)).toEqual(toggled(emptyVector(), all.toReversed()));
    expect(toggled(emptyVector(), [placed(1, 1)])).not.toEqual(toggled(emptyVector(), [placed(1, 3)]));
  });

  it('of an earlier item comes from a later one', () => {
    const before = toggled(emptyVector(), [placed(1), placed(2)]);
    const since = [lifted(1), placed(3), placed(1, 3)];
    expect(toggled(toggled(before, since), since)).toEqual(before);
  });
});

it('a person placed and lifted within one page ends as he was left', () => {
  const items = [placed(1), placed(2), lifted(2), placed(3), lifted(3), placed(3, 3)];
  const {
    placed: standing,
    lifted: gone,
    growth,
    buckets,
  } = setAfter(items.map((item, place) => ({ ...item, seq: place + 1 })));
  expect(standing.map(({ subId, version, seq }) => [subId, version, seq])).toEqual([
    [person(1), 1, 1],
    [person(3), 3, 6],
  ]);
  expect(gone).toEqual([person(2)]);
  expect(growth).toBe(2);
  const vector = toggled(emptyVector(), items);
  for (const [bucket, value] of buckets) expect(vector[bucket]).toEqual(value);
});

it('each bureau, day and purpose has a key of its own, the same again from the same root', () => {
  const root = randomBytes(32);
  const kid = 'str_1.2026-01-01';
  const keys = [
    dayKey(root, 'gkb', kid),
    dayKey(root, 'gkb', 'str_1.2026-01-02'),
    dayKey(root, 'pkb', kid),
    dayKey(randomBytes(32), 'gkb', kid),
    bureauKey(root, 'gkb'),
    bureauKey(root, 'pkb'),
  ];
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(keys.length);
  expect(dayKey(root, 'gkb', kid)).toEqual(keys[0]);
  expect(subIdOf(bureauKey(root, 'gkb'), '1')).not.toEqual(subIdOf(bureauKey(root, 'pkb'), '1'));
});

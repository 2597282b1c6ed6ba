/** Which root seals which day. */
import { describe, expect, it } from '@jest/globals';
import { rootCheck, rootOfDay, rootWithCheck, type FeedRoots } from './feed-roots.js';

const [first, second, third] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
const roots: FeedRoots = [
  { from: '', secret: first },
  { from: '2026-12-03', secret: second },
  { from: '2027-01-01', secret: third },
];

describe('the root of a day', () => {
  it.each([
    ['2026-12-02', first],
    ['2026-12-03', second],
    ['2026-12-31', second],
    ['2027-01-01', third],
    ['2031-05-05', third],
  ])('%s is the newest that counts from it or before', (day, root) => {
    expect(rootOfDay(roots, day)).toBe(root);
  });

  it('is found again by its check, whatever the day', () => {
    expect([first, second, third].map((root) => rootWithCheck(roots, rootCheck(root)))).toEqual([
      first,
      second,
      third,
    ]);
  });

  it('is refused when none of them has the check', () => {
    expect(() => rootWithCheck(roots, rootCheck(Buffer.alloc(32, 9)))).toThrow(/lacks the root/);
  });
});

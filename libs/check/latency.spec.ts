import { describe, expect, it } from '@jest/globals';
import { percentileMs, sumOf } from './latency.js';

const boundsMs = [1, 5, 10];

describe('a percentile', () => {
  it.each([
    ['of no answers is none', [0, 0, 0, 0], 0.5, undefined],
    ['of one bucket lies within it', [0, 4, 0, 0], 0.5, 3],
    ['of the first bucket begins at zero', [10, 0, 0, 0], 0.5, 0.5],
    ['is the bound when all of a bucket are needed', [5, 5, 0, 0], 1, 5],
    ['passes over an empty bucket', [1, 0, 1, 0], 0.99, 9.9],
    ['beyond the last bound is that bound', [0, 0, 0, 3], 0.5, 10],
  ])('%s', (_, counts, part, expected) => {
    const found = percentileMs({ boundsMs, counts }, part);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 6);
  });

  it('of nothing and of more than all is not asked for', () => {
    expect(() => percentileMs({ boundsMs, counts: [1, 0, 0, 0] }, 0)).toThrow();
    expect(() => percentileMs({ boundsMs, counts: [1, 0, 0, 0] }, 1.1)).toThrow();
    expect(() => percentileMs({ boundsMs, counts: [1] }, 0.5)).toThrow();
  });
});

describe('measurements', () => {
  it('of several processes add up, those in other buckets apart', () => {
    const one = { boundsMs, counts: [1, 2, 3, 4] };
    const other = { boundsMs: [7], counts: [9, 9] };
    expect(sumOf([one, other, one])).toEqual({ boundsMs, counts: [2, 4, 6, 8] });
    expect(sumOf([])).toBeUndefined();
  });
});

import { expect, it } from '@jest/globals';
import { isWithinBounds } from './json-bounds.js';

const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));

it.each<[string, unknown, boolean]>([
  ['of sixteen levels', nested(16), true],
  ['of seventeen levels', nested(17), false],
  ['of 300 000 levels', nested(300_000), false],
  ['of nine thousand values', { list: Array<number>(9_000).fill(1) }, true],
  ['of 300 000 objects', { list: Array<object>(300_000).fill({}) }, false],
  ['of many lists, each small', Array<number[]>(4_000).fill([1, 2]), false],
])('a body %s', (_, body, isWithin) => {
  expect(isWithinBounds(body)).toBe(isWithin);
});

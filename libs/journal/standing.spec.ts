import { describe, expect, it } from '@jest/globals';
import { emptyRoot } from '#libs/tlog/tree.js';
import type { Head } from './head-row.js';
import { groundOf, type Tip } from './standing.js';

const head = (size: number, stateVersion = 5): Head => ({
  origin: 'o',
  size,
  root: emptyRoot,
  frontier: Buffer.alloc(0),
  stateVersion,
  rulesVersion: 1,
  feedSeq: 0,
  lastAt: 0,
  clockOffsetMs: 0,
  keyChecks: {},
  registryNow: size,
});
const rows = (entries: Record<string, string>): Map<string, Map<string, unknown>> =>
  new Map([['keys', new Map<string, unknown>(Object.entries(entries))]]);
const look = (size: number, stateVersion?: number) => ({
  head: head(size, stateVersion),
  found: rows({ old: 'seen' }),
});
const tip: Tip = { from: 10, head: head(13), rows: rows({ mine: 'written', old: 'moved' }) };

describe('what a batch stands on', () => {
  it.each([
    ['a look without an append before it', look(10), undefined, 10, { old: 'seen' }],
    ['a look that saw the append before it', look(13), tip, 13, { old: 'seen' }],
    ['a look that saw foreign entries behind it', look(14), tip, 14, { old: 'seen' }],
    [
      'a look from before the append, which lacks only its rows',
      look(10),
      tip,
      13,
      { old: 'moved', mine: 'written' },
    ],
    ['a look from further back, which the append will refuse', look(9), tip, 9, { old: 'seen' }],
    ['a look that saw the fence of a lost append', look(10, 6), tip, 10, { old: 'seen' }],
  ])('%s', (_, seen, before, size, expected) => {
    const ground = groundOf(seen, before);
    expect(ground.head.size).toBe(size);
    expect(Object.fromEntries(ground.found.get('keys') ?? [])).toEqual(expected);
    // The clock was read by the look, whatever it stands on.
    expect(ground.head.registryNow).toBe(seen.head.size);
  });
});

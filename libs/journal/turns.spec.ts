import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

/** A backlog of `count` for each party, in the order of the letters. */
const planted = (backlogs: Readonly<Record<string, number>>): Turns<string> => {
  const turns = new Turns<string>();
  for (const [party, count] of Object.entries(backlogs))
    for (let n = 0; n < count; n += 1) turns.add(party, `${party}${n}`);
  return turns;
};

describe('parties that wait', () => {
  it.each([
    ['nobody', {}, 4, []],
    ['one alone', { a: 5 }, 4, ['a0', 'a1', 'a2', 'a3']],
    ['two take turns', { a: 5, b: 5 }, 4, ['a0', 'b0', 'a1', 'b1']],
    ['one behind a thousand of another', { a: 1000, b: 1 }, 4, ['a0', 'b0', 'a1', 'a2']],
    ['more parties than places', { a: 2, b: 2, c: 2 }, 2, ['a0', 'b0']],
    ['fewer than places', { a: 1, b: 2 }, 8, ['a0', 'b0', 'b1']],
  ])('%s', (_, backlogs, count, taken) => {
    expect(planted(backlogs).take(count)).toEqual(taken);
  });

  it('go on in their turn with the next batch, and a party that comes takes its turn behind them', () => {
    const turns = planted({ a: 3, b: 3, c: 3 });
    expect(turns.take(2)).toEqual(['a0', 'b0']);
    turns.add('d', 'd0');
    expect(turns.take(4)).toEqual(['c0', 'a1', 'b1', 'd0']);
    expect(turns.take(9)).toEqual(['c1', 'a2', 'b2', 'c2']);
    expect(turns.size).toBe(0);
  });

  it('lose nothing and keep the order of each, whatever comes between', () => {
    const turns = new Turns<string>();
    const taken: string[] = [];
    for (let round = 0; round < 500; round += 1) {
      for (let n = 0; n < round % 7; n += 1) turns.add(`p${(round * n) % 5}`, `${round}.${n}`);
      taken.push(...turns.take(round % 4));
      expect(turns.sizeOf('p0')).toBeLessThanOrEqual(turns.size);
    }
    taken.push(...turns.take(turns.size));
    const expected = Array.from({ length: 500 }, (_, round) =>
      Array.from({ length: round % 7 }, (__, n) => ({ party: (round * n) % 5, item: `${round}.${n}` })),
    ).flat();
    expect(taken).toHaveLength(expected.length);
    for (let party = 0; party < 5; party += 1) {
      const own = expected.filter((each) => each.party === party).map(({ item }) => item);
      expect(taken.filter((item) => own.includes(item))).toEqual(own);
    }
  });
});

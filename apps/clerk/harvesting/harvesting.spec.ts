import { describe, expect, it } from '@jest/globals';
import { perLoan, suspicionOf, type Asking } from './harvesting.js';

const rule = {
  peopleAtLeast: { hour: 300, day: 2000 },
  timesPeers: 10,
  peoplePerLoan: 100,
  repeats: { hour: 12, day: 30 },
};
const asking = (lender: string, people: number, followed: number, changes: Partial<Asking> = {}): Asking => ({
  ...{ lender, kind: 'bank', checks: people + followed, people, followed, repeats: 3 },
  ...changes,
});
const normal = [asking('a', 4000, 800), asking('b', 400, 100), asking('c', 900, 150)];
const judge = (one: Asking, others = normal) => suspicionOf(one, [...others, one], rule, 'hour');

describe('a lender', () => {
  it('that asks about many and lends to none is suspected, with what its peers need', () => {
    expect(judge(asking('h', 500, 0))).toEqual({ reasons: ['people-per-loan'], peers: 3, peersPerLoan: 5 });
  });

  it('that asks ten times as many per loan is suspected, and just below that is not', () => {
    expect(judge(asking('h', 500, 10))?.reasons).toEqual(['people-per-loan']);
    expect(judge(asking('h', 490, 10))).toBeUndefined();
  });

  it('that is large is not suspected for that', () => {
    for (const each of normal) expect(judge(each, normal)).toBeUndefined();
    expect(judge(asking('huge', 1_000_000, 200_000))).toBeUndefined();
  });

  it('that is small is not suspected, whatever comes of its few questions', () => {
    expect(judge(asking('small', 299, 0))).toBeUndefined();
  });

  it('is measured against its own kind, and by the rule itself where that is too few', () => {
    const banksOnly = judge(asking('m', 500, 10, { kind: 'mfo' }));
    expect(banksOnly).toBeUndefined();
    const alone = judge(asking('m', 500, 5, { kind: 'mfo' }));
    expect(alone).toEqual({ reasons: ['people-per-loan'], peers: 0 });
  });

  it('is not measured against those who asked about a handful', () => {
    const handful = [asking('x', 2, 2), asking('y', 3, 3), asking('z', 1, 1)];
    expect(judge(asking('b', 400, 100), handful)).toBeUndefined();
    expect(judge(asking('h', 400, 30), [...handful, ...normal])?.peers).toBeUndefined();
  });

  it('that asks again and again about one person is suspected, however few it asks about', () => {
    expect(judge(asking('small', 1, 0, { repeats: 12 }))?.reasons).toEqual(['repeats']);
    expect(judge(asking('small', 1, 0, { repeats: 11 }))).toBeUndefined();
    expect(judge(asking('h', 500, 0, { repeats: 40 }))?.reasons).toEqual(['people-per-loan', 'repeats']);
  });

  it('has the median of its peers, of which one that harvests too moves little', () => {
    const two = [...normal, asking('other', 5000, 0)];
    expect(judge(asking('h', 500, 0), two)).toMatchObject({ peers: 4, peersPerLoan: 5.5 });
  });
});

it('people per loan count one loan that might still follow', () => {
  expect([perLoan({ people: 7, followed: 0 }), perLoan({ people: 7, followed: 2 })]).toEqual([7, 3.5]);
});

import { describe, expect, it } from '@jest/globals';
import { ceilingOf, isAlarming, PeopleOfDay } from './people-asked.js';

const rule = { floor: 20_000, most: 300_000 };

describe('the ceiling of people a lender may ask about on a day', () => {
  it.each([
    ['the floor without any loan', 0, 20_000],
    ['the floor while its loans give less', 5999, 20_000],
    ['a hundred people a loan of a day', 30_000, 100_000],
    ['the most of its kind, however many loans it reports', 10_000_000, 300_000],
  ])('is %s', (_, loans, ceiling) => {
    expect(ceilingOf(rule, 100, loans)).toBe(ceiling);
  });

  it('asks for a look from its half on', () => {
    expect([9, 10, 11].map((people) => isAlarming(people, 20))).toEqual([false, true, true]);
    expect([3, 4].map((people) => isAlarming(people, 7))).toEqual([false, true]);
  });
});

it('a person counts once a lender, however often and by whomever else it is asked about', () => {
  const day = new PeopleOfDay();
  for (const [lender, person] of [
    ['a', 1],
    ['a', 1],
    ['a', 2],
    ['b', 1],
  ] as const)
    day.add(lender, person);
  expect(['a', 'b', 'c'].map((lender) => day.count(lender))).toEqual([2, 1, 0]);
});

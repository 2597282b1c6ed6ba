/** What a lender copies: it lends on the one good answer, and on nothing that differs from it in anything. */
import { describe, expect, it } from '@jest/globals';
import { lendable, whyNot } from '../docs/lender/sdk/lendable.js';
import { lenderCases } from './support/wrong-answers.js';

const cases = await lenderCases();

describe('an answer to a check', () => {
  it.each(cases.map((each) => [each.name, each.reason ?? 'lends', each] as const))(
    '%s: %s',
    (_, said, { answer, question, ...trust }) => {
      expect(whyNot(answer, question, trust) ?? 'lends').toBe(said);
      expect(lendable(answer, question, trust)).toBe(said === 'lends');
    },
  );

  it('is good again and again until it ends: a replayed answer lends, too', () => {
    const [good] = cases;
    const times = [good?.now, good?.now].map(
      (now) => good && lendable(good.answer, good.question, { ...good, now: Number(now) }),
    );
    expect(times).toEqual([true, true]);
  });

  it('is never found wanting aloud: whatever comes is a reason, and no reason names the person', () => {
    for (const { answer, question, ...trust } of cases)
      for (const odd of [
        undefined,
        1,
        '',
        {},
        { verdict: 'clear', receipt: {} },
        { verdict: 'clear', receipt: answer },
      ])
        expect(whyNot(odd, question, trust)).toMatch(/^[a-z-]+$/);
  });
});

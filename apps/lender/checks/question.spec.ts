import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import fc from 'fast-check';
import { borrowerRoles, circumstances, products, stages } from '#libs/check/check.js';
import { Problem } from '#libs/problem/problem.js';
import { validationProblem } from '#libs/problem/validation-problem.js';
import { CheckRequest } from './checks.dto.js';
import { parseQuestion } from './question.js';

const iin = '001399000014';
const right = { iin, product: 'bank-loan', stage: 'decision', loanRef: 'A-1' };

const pipe = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  transform: true,
  exceptionFactory: validationProblem,
});

/** What the body becomes: itself, or the code and the pointers of its problem. */
const said = async (judge: () => unknown): Promise<unknown> => {
  try {
    return { body: { ...((await judge()) as object) } };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { code: error.code, errors: error.errors };
  }
};
const byHand = (body: unknown): Promise<unknown> => said(() => parseQuestion(body));
const byShape = (body: unknown): Promise<unknown> =>
  said(() => pipe.transform(structuredClone(body), { type: 'body', metatype: CheckRequest }));

describe('a question read by hand', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['an unknown member', { ...right, extra: 1 }],
    ['an unknown member whose name is an IIN', { ...right, [iin]: 1 }],
    ['only a wrong IIN', { ...right, iin: '001399000015' }],
    ['an IIN that is a number', { ...right, iin: 1_399_000_014 }],
    ['no IIN', { ...right, iin: undefined }],
    ['a wrong IIN and a wrong member', { ...right, iin: '1', product: 'mortgage' }],
    ['null for a member that may be absent', { ...right, role: null, circumstance: null }],
    ['lists where texts belong', { iin: [iin], product: ['bank-loan'], stage: [], loanRef: ['A-1'] }],
    ['a loanRef with a line break at its end', { ...right, loanRef: 'A-1\n' }],
    ['a whole question', { ...right, role: 'guarantor', circumstance: 'tranche' }],
  ])('with %s says what the validator says', async (_, body) => {
    expect(await byHand(body)).toEqual(await byShape(body));
  });

  it('of any shape says what the validator says, in the same order', async () => {
    const odd = fc.oneof(fc.constantFrom(null, '', iin, 'new', 1, true), fc.jsonValue({ maxDepth: 1 }));
    const maybe = <T>(good: readonly T[]) =>
      fc.oneof({ arbitrary: fc.constantFrom(...good), weight: 4 }, odd);
    const body = fc.record(
      {
        iin: maybe([iin, '001399000015']),
        product: maybe(products),
        stage: maybe(stages),
        loanRef: maybe(['A-1', '~'.repeat(64), '~'.repeat(65), 'a b']),
        circumstance: maybe(circumstances),
        role: maybe(borrowerRoles),
        extra: odd,
        [iin]: odd,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(body, async (it) => expect(await byHand(it)).toEqual(await byShape(it))),
    );
  });

  it.each([[null], [[]], [[right]], ['text'], [1], [true], [undefined]])(
    'that is %j says what the validator says',
    async (value) => {
      expect(await byHand(value)).toMatchObject({ code: 'request-malformed' });
      expect(await byHand(value)).toEqual(await byShape(value));
    },
  );

  it('refuses a member named as a method of every object, which the validator drops in silence', () => {
    expect(() => parseQuestion({ ...right, hasOwnProperty: 1 })).toThrow(
      expect.objectContaining({ errors: [{ pointer: '/hasOwnProperty', code: 'member-unknown' }] }),
    );
  });

  it('leaves one member to the caller, and only that one', () => {
    expect(parseQuestion({ ...right, ref: {} }, 'ref')).toEqual(right);
    expect(() => parseQuestion({ ...right, ref: 1, note: 1 }, 'ref')).toThrow(
      expect.objectContaining({ errors: [{ pointer: '/note', code: 'member-unknown' }] }),
    );
    expect(() => parseQuestion({ ...right, ref: 1 })).toThrow(
      expect.objectContaining({ errors: [{ pointer: '/ref', code: 'member-unknown' }] }),
    );
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  checkBody,
  flip,
  iins,
  makeHeadKey,
  now,
  receiptOf,
  type MadeKey,
} from '../../../test/support/made-receipts.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { plainWords } from './plain-words.js';
import { readExpected } from './question.js';

const [iin, otherIin] = iins;
let lender: MadeKey;
let citizen: MadeKey;
let clear: Receipt;
let refused: Receipt;
beforeAll(async () => {
  [lender, citizen] = await Promise.all([makeHeadKey('lender'), makeHeadKey('citizen')]);
  const check = (verdict: 'clear' | 'refused') => {
    const seed = randomBytes(32);
    return receiptOf(lender, { body: checkBody(seed, iin, verdict), seed });
  };
  [clear, refused] = await Promise.all([check('clear'), check('refused')]);
});

const stated = (receipt: Receipt) => JSON.parse(receipt.entry) as Record<string, string>;
const answerOf = (receipt: Receipt) => {
  const { checkId, verdict, validUntil, at } = stated(receipt);
  return { checkId, verdict, asOf: at, ...(validUntil !== undefined && { validUntil }), receipt };
};
async function outcome(value: unknown, expected: string[] = [], of = iin): Promise<Outcome> {
  const members = expected.map((text) => readExpected(text) ?? { member: '', value: '' });
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return outcomeOf(text, { keys: [lender.jwk, citizen.jwk] }, { now, iin: of }, members);
}
const codeOf = (of: Outcome) => (of.valid ? 'valid' : of.code);

describe('a verified file', () => {
  it.each<[string, string, () => unknown]>([
    ['is empty', 'receipt-malformed', () => ''],
    ['is cut off', 'receipt-malformed', () => JSON.stringify(clear).slice(0, -1)],
    ['is a number', 'receipt-malformed', () => 7],
    [
      'is an answer whose receipt is nothing',
      'receipt-malformed',
      () => ({ ...answerOf(clear), receipt: null }),
    ],
    [
      'is an answer that turned refused into clear',
      'answer-differs',
      () => ({ ...answerOf(refused), verdict: 'clear' }),
    ],
    [
      'is an answer that lasts longer',
      'answer-differs',
      () => ({ ...answerOf(clear), validUntil: '2099-01-01T00:00:00.000Z' }),
    ],
    [
      'is a refusal that claims to last',
      'answer-differs',
      () => ({ ...answerOf(refused), validUntil: stated(clear)['validUntil'] }),
    ],
    [
      'is the answer of another check',
      'answer-differs',
      () => ({ ...answerOf(clear), checkId: stated(refused)['checkId'] }),
    ],
    [
      'is an answer of another time',
      'answer-differs',
      () => ({ ...answerOf(clear), asOf: '2025-11-24T09:30:00.251Z' }),
    ],
    [
      'has a bent receipt',
      'inclusion-differs',
      () => ({ ...answerOf(clear), receipt: { ...clear, salt: flip(clear.salt, 0) } }),
    ],
    ['is a receipt', 'valid', () => clear],
    ['is an answer', 'valid', () => answerOf(refused)],
    ['is an answer with members to come', 'valid', () => ({ ...answerOf(clear), later: 1, constructor: 2 })],
  ])('that %s is judged: %s', async (_, code, value) => {
    expect(codeOf(await outcome(value()))).toBe(code);
  });

  it('about somebody else does not hold', async () => {
    expect(codeOf(await outcome(clear, [], otherIin))).toBe('person-differs');
  });
});

describe('what is expected of the entry', () => {
  it.each([
    ['verdict=clear', 'valid'],
    ['version=0', 'valid'],
    ['loanRef=A-2026/117', 'valid'],
    ['verdict=refused', 'expectation-differs'],
    ['verdict=', 'expectation-differs'],
    ['loanRef=A-2026/118', 'expectation-differs'],
    ['role=borrower', 'expectation-differs'],
    ['role=undefined', 'expectation-differs'],
    ['toString=x', 'expectation-differs'],
  ])('%s: %s', async (expected, code) => {
    expect(codeOf(await outcome(clear, [expected]))).toBe(code);
    expect(codeOf(await outcome(clear, ['kind=check.made', expected]))).toBe(code);
  });

  it('is named before an equals sign, and may hold others', () => {
    expect(readExpected('loanRef=a=b')).toEqual({ member: 'loanRef', value: 'a=b' });
    expect(readExpected('=clear')).toBeUndefined();
    expect(readExpected('verdict')).toBeUndefined();
  });
});

describe('in plain words', () => {
  const wordsOf = async (of: Outcome) => {
    if (!of.valid) throw new Error(of.reason);
    return plainWords(of.receipt).join('\n');
  };

  it('a check says who asked, for what, and what he was told', async () => {
    const words = await wordsOf(await outcome(clear));
    expect(words).toContain(
      'the lender with BIN 061340000004 asked (microcredit, stage disbursement, its reference "A-2026/117")',
    );
    expect(words).toContain(
      'clear, no refusal was in force. The answer was good until 2025-11-24T09:32:00.250Z.',
    );
    expect(words).toContain('The person is the one with the IIN that was given.');
    expect(words).toContain('entry 4 among the first 7 of sandbox.tyiym.kz/journal/1');
    expect(await wordsOf(await outcome(refused))).toContain(
      "refused, a refusal was in force. The person's refusal version was 1.",
    );
  });

  it('never name the person, and say when he was not compared', async () => {
    const given = await outcomeOf(JSON.stringify(clear), { keys: [lender.jwk] }, { now }, []);
    const words = await wordsOf(given);
    expect(words).toContain('About whom, this does not show');
    expect(await wordsOf(await outcome(clear))).not.toContain(iin);
  });

  it.each([
    [
      'refusal.placed',
      { channel: 'egov-mobile', lockHours: 24 },
      'came into force, by an application signed through egov-mobile, with a lock of 24 hours',
    ],
    ['lift.requested', {}, 'stays in force until the lift itself is an entry'],
    ['lift.cancelled', {}, 'stays in force'],
    ['refusal.lock-grown', { lockHours: 72 }, 'grew to 72 hours'],
    ['trail.read', {}, 'the registry recorded: trail.read'],
  ] as const)('%s says what it means for the refusal', async (kind, body, words) => {
    const receipt = await receiptOf(citizen, { kind, body });
    const given = await outcomeOf(JSON.stringify(receipt), { keys: [citizen.jwk] }, { now }, []);
    expect(await wordsOf(given)).toContain(words);
  });

  it('a lift and a return are told from a placing', async () => {
    const clerk = await makeHeadKey('clerk');
    const say = async (kind: 'refusal.lifted' | 'refusal.placed') => {
      const receipt = await receiptOf(clerk, { kind, body: { requestedBy: stated(clear)['id'] } });
      return wordsOf(await outcomeOf(JSON.stringify(receipt), { keys: [clerk.jwk] }, { now }, []));
    };
    expect(await say('refusal.lifted')).toContain('From then on none was in force');
    expect(await say('refusal.placed')).toContain('came into force again, as asked for with the lift');
  });
});

import { describe, expect, it } from '@jest/globals';
import { isAnswer, slotOf, type Reply } from './watchdog.js';

const entry = (changes: object = {}): string =>
  JSON.stringify({ kind: 'check.made', checkId: 'chk_1', verdict: 'clear', ...changes });
const body = { checkId: 'chk_1', verdict: 'clear', receipt: { entry: entry() } };

describe('no answer', () => {
  it.each<[string, Reply]>([
    ['when nobody could be reached', { failure: { code: 'ECONNREFUSED' } }],
    ['when it says that it cannot', { status: 503, body: { code: 'unavailable' } }],
    ['when it is too much', { status: 429, body }],
    ['when it is empty', { status: 201, body: undefined }],
    ['when it is no object', { status: 201, body: 'clear' }],
    ['without a receipt', { status: 201, body: { ...body, receipt: undefined } }],
    ['with an entry that is no JSON', { status: 201, body: { ...body, receipt: { entry: 'clear' } } }],
    ['with the receipt of another check', { status: 201, body: { ...body, checkId: 'chk_2' } }],
    ['with another verdict than its receipt', { status: 201, body: { ...body, verdict: 'refused' } }],
    [
      'with a verdict that is none',
      {
        status: 201,
        body: { ...body, verdict: 'unknown', receipt: { entry: entry({ verdict: 'unknown' }) } },
      },
    ],
  ])('%s', (_, reply) => {
    expect(isAnswer(reply)).toBe(false);
  });
});

describe('an answer', () => {
  it.each(['clear', 'refused'])('says %s, and so does its receipt', (verdict) => {
    expect(
      isAnswer({ status: 201, body: { ...body, verdict, receipt: { entry: entry({ verdict }) } } }),
    ).toBe(true);
  });
});

it('a slot is ten seconds', () => {
  expect([0, 9999, 10_000, 3_599_999].map(slotOf)).toEqual([0, 0, 1, 359]);
});

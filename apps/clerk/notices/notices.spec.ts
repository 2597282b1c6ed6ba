import { describe, expect, it } from '@jest/globals';
import { applicationsInFlight, type ClearCheck, type ReportedLoan } from './notices.js';

const day = 86_400_000;
const placedAt = 100 * day;
const check = (changes: Partial<ClearCheck> = {}): ClearCheck => ({
  ...{ lender: 'bank', loanRef: 'A', checkUuid: 'c', at: placedAt - day },
  ...changes,
});
const loan = (changes: Partial<ReportedLoan> = {}): ReportedLoan => ({
  ...{ lender: 'bank', loanRef: null, at: placedAt - 1 },
  ...changes,
});
const told = (checks: readonly ClearCheck[], loans: readonly ReportedLoan[] = []): readonly string[] =>
  applicationsInFlight(placedAt, checks, loans, (lender) => (lender === 'slow' ? 30 : 7)).map(
    ({ lender, loanRef, checkUuid }) => `${lender} ${loanRef} ${checkUuid}`,
  );

describe('of a refusal is told', () => {
  it.each<[string, readonly ClearCheck[], readonly ReportedLoan[], readonly string[]]>([
    ['nobody without a check', [], [], []],
    ['whoever has a clear check', [check()], [], ['bank A c']],
    ['up to the last instant of the window', [check({ at: placedAt - 7 * day })], [], ['bank A c']],
    ['and no longer', [check({ at: placedAt - 7 * day - 1 })], [], []],
    ['in the window of that lender', [check({ lender: 'slow', at: placedAt - 20 * day })], [], ['slow A c']],
    [
      'once an application, by its newest check',
      [check({ checkUuid: 'new' }), check({ checkUuid: 'old', at: placedAt - 2 * day })],
      [],
      ['bank A new'],
    ],
    ['each application', [check(), check({ loanRef: 'B' })], [], ['bank A c', 'bank B c']],
    [
      'not one whose loan is reported',
      [check(), check({ loanRef: 'B' })],
      [loan({ loanRef: 'A' })],
      ['bank B c'],
    ],
    [
      'one checked again after its loan',
      [check()],
      [loan({ loanRef: 'A', at: placedAt - 2 * day })],
      ['bank A c'],
    ],
    [
      'one whose loan another lender reported',
      [check()],
      [loan({ lender: 'mfo', loanRef: 'A' })],
      ['bank A c'],
    ],
    ['not the only one, by a loan that names no check', [check()], [loan()], []],
    [
      'both, when one loan names no check',
      [check(), check({ loanRef: 'B' })],
      [loan()],
      ['bank A c', 'bank B c'],
    ],
    ['neither, when two do', [check(), check({ loanRef: 'B' })], [loan(), loan()], []],
  ])('%s', (_, checks, loans, expected) => {
    expect(told(checks, loans)).toEqual(expected);
  });
});

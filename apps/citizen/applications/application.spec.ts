import { describe, expect, it } from '@jest/globals';
import { Problem } from '#libs/problem/problem.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { askOf, lawAt, mustBeOpen, signableMs, stateOf, type Application, type Wish } from './application.js';

const at = Date.UTC(2026, 2, 1, 9);
const subject = { epoch: 1, bytes: Buffer.alloc(32, 1) };
const open: Application = {
  uuid: '019ca8a2-5b00-7000-8000-000000000000',
  personId: '7b1f5a8e-0000-4000-8000-000000000000',
  subject,
  kind: 'lift',
  stored: 'open',
  lockHours: 24,
  channel: 'egov-portal',
  identifiedBy: 'sms',
  language: 'ru',
  documentSha256: Buffer.alloc(32),
  openedAt: at,
  expiresAt: at + signableMs,
};
const refusal: Refusal = {
  ...{ subject, state: 'in-force', version: 1, lockHours: 24, placedAt: at },
  ...{ movedLeaf: Buffer.alloc(32), entryIndex: 1 },
};
const grown = { ...refusal, lockHours: 72 };

const codeOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error instanceof Problem ? [error.code, ...error.errors.map(({ pointer }) => pointer)] : error;
  }
};

describe('an application', () => {
  const rows: [string, Application, Refusal | undefined, number, string, string | undefined][] = [
    ['is open until its last millisecond', open, refusal, at + signableMs - 1, 'open', undefined],
    ['is expired with its hour', open, refusal, at + signableMs, 'expired', 'application-expired'],
    ['is void when the lock grew under a lift', open, grown, at, 'void', 'application-void'],
    ['is void rather than expired when both', open, grown, at + signableMs, 'void', 'application-void'],
    ['to place does not mind a longer lock', { ...open, kind: 'place' }, grown, at, 'open', undefined],
    [
      'is void once a newer one was opened',
      { ...open, stored: 'void' },
      refusal,
      at,
      'void',
      'application-void',
    ],
    [
      ...(['is signed for good', { ...open, stored: 'signed' }, grown, at + signableMs, 'signed'] as const),
      'application-already-signed',
    ],
  ];
  it.each(rows)('%s', (_sentence, application, now, when, state, problem) => {
    expect(stateOf(application, now, when)).toBe(state);
    expect(codeOf(() => mustBeOpen(application, now, when))).toEqual(
      problem === undefined ? undefined : [problem],
    );
  });
});

describe('a wish', () => {
  const law = { lockAllowed: [0, 24], returnAllowed: true, liftDelayHours: 0 };
  const strict = { ...law, returnAllowed: false };
  const rows: [string, Wish, typeof law, unknown][] = [
    ['to place names its lock', { kind: 'place' }, law, ['request-malformed', '/lockHours']],
    [
      'to place names a lock that is allowed',
      { kind: 'place', lockHours: 12 },
      law,
      ['lock-not-allowed', '/lockHours'],
    ],
    ['to place may be without a wait', { kind: 'place', lockHours: 0 }, law, { kind: 'place', lockHours: 0 }],
    [
      'to place has no return',
      { kind: 'place', lockHours: 24, placeAgainAfterHours: 24 },
      ...([law, ['return-not-allowed', '/placeAgainAfterHours']] as [typeof law, unknown]),
    ],
    [
      'to lift names no lock, not even 0',
      { kind: 'lift', lockHours: 0 },
      law,
      ['lock-not-allowed', '/lockHours'],
    ],
    ['to lift waits the lock in force', { kind: 'lift' }, law, { kind: 'lift', lockHours: 24 }],
    [
      'to lift may have a return',
      { kind: 'lift', placeAgainAfterHours: 72 },
      ...([law, { kind: 'lift', lockHours: 24, placeAgainAfterHours: 72 }] as [typeof law, unknown]),
    ],
    [
      'to lift has a return only while the law allows it',
      { kind: 'lift', placeAgainAfterHours: 72 },
      ...([strict, ['return-not-allowed', '/placeAgainAfterHours']] as [typeof law, unknown]),
    ],
  ];
  it.each(rows)('%s', (_sentence, wish, allowed, expected) => {
    expect(codeOf(() => askOf(wish, refusal, allowed))).toEqual(expected);
  });
});

describe('the law of asking', () => {
  it('is what the regime says at the instant, and is never guessed', () => {
    const regime = defaultRules.map((rule) => ({ ...rule, entryIndex: 0 }));
    const shorter = { ...regime.find(({ name }) => name === 'lockAllowed'), appliesFrom: at, entryIndex: 9 };
    const changed = [...regime, { ...shorter, value: [24] } as (typeof regime)[number]];
    expect(lawAt(changed, at - 1).lockAllowed).toEqual([0, 12, 24, 72, 168]);
    expect(lawAt(changed, at)).toEqual({ lockAllowed: [24], returnAllowed: true, liftDelayHours: 0 });
    const silent = regime.filter(({ name }) => name !== 'lockAllowed');
    expect(() => lawAt(silent, at)).toThrow('lockAllowed');
    expect(() => lawAt([], at)).toThrow('registry-not-open');
  });
});

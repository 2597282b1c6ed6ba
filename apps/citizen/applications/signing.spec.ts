import { describe, expect, it } from '@jest/globals';
import { uuidToId } from '#libs/journal/id.js';
import type { Iin } from '#libs/subject/iin.js';
import type { Move } from '#libs/refusal/transitions.js';
import type { Application } from './application.js';
import { outcomeOf, signedDrafts } from './signing.js';

const at = Date.UTC(2026, 2, 1, 9);
const subject = { epoch: 1, bytes: Buffer.alloc(32, 1) };
const application: Application = {
  ...{ uuid: '019ca8a2-5b00-7000-8000-000000000000', personId: 'p', subject, kind: 'place', stored: 'open' },
  ...{ lockHours: 72, channel: 'egov-portal', identifiedBy: 'biometrics', language: 'kk' },
  ...{ documentSha256: Buffer.alloc(32, 9), openedAt: at, expiresAt: at + 1 },
};
const evidence = { cmsSha256: 'cms', certSha256: 'cert', certIssuedAt: at - 1, revocationSha256: 'crl' };
const person = { subject, iin: '061313294730' as Iin };
const next: Move['next'] = { state: 'in-force', version: 3, lockHours: 72 };

describe('the entries of a signature', () => {
  it('are one a move, each naming everything the act rests on', () => {
    const moves: Move[] = [
      { kind: 'lift.cancelled', version: 3, body: {}, next },
      { kind: 'refusal.lock-grown', version: 3, body: { lockHours: 72 }, next },
    ];
    const rests = {
      ...{
        applicationId: uuidToId('app', application.uuid),
        channel: 'egov-portal',
        identifiedBy: 'biometrics',
      },
      ...{ documentSha256: Buffer.alloc(32, 9).toString('base64url'), cmsSha256: 'cms', certSha256: 'cert' },
      ...{ certIssuedAt: '2026-03-01T08:59:59.999Z', revocationSha256: 'crl' },
    };
    const drafts = signedDrafts(application, moves, person, evidence);
    expect(drafts.map(({ kind, body }) => [kind, body])).toEqual([
      ['lift.cancelled', rests],
      ['refusal.lock-grown', { ...rests, lockHours: 72 }],
    ]);
    expect(drafts[0]).toMatchObject({ person: { ...person, version: 3 }, party: 'egov-portal' });
  });
});

describe('what came of a signature', () => {
  it.each([
    ['refusal.placed', false, 'in-force'],
    ['refusal.lock-grown', false, 'in-force'],
    ['lift.requested', true, 'lift-pending'],
    ['lift.requested', false, 'in-force'],
    ['lift.cancelled', false, 'in-force'],
    ['refusal.lifted', false, 'lifted'],
  ] as const)('is told by %s (pending: %s): %s', (kind, isPending, state) => {
    expect(outcomeOf(kind, isPending)).toBe(state);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Made } from '#libs/journal/act.js';
import { Problem } from '#libs/problem/problem.js';
import type { Refusal } from './refusal.js';
import {
  cancelLift,
  carryOut,
  comeBack,
  inherit,
  lift,
  place,
  refusalAfter,
  type Move,
} from './transitions.js';

const hour = 3_600_000;
const at = Date.UTC(2026, 2, 1, 9);
const subject = { epoch: 1, bytes: Buffer.alloc(32, 1) };
const leaf = Buffer.alloc(32, 2);
const prev = leaf.toString('base64url');
const own = { subject, movedLeaf: leaf, entryIndex: 7 };

const inForce: Refusal = { ...own, state: 'in-force', version: 3, lockHours: 24, placedAt: at - hour };
const pending: Refusal = {
  ...inForce,
  ...{
    state: 'lift-pending',
    liftRequestedAt: at - 24 * hour,
    liftsAt: at,
    requestedBy: 'u',
    requestIndex: 7,
  },
};
const pendingWithReturn: Refusal = { ...pending, placeAgainAfterHours: 72, placedAgainAt: at + 72 * hour };
const lifted: Refusal = {
  ...own,
  state: 'none',
  version: 4,
  lockHours: 24,
  requestedBy: 'u',
  requestIndex: 7,
};
const returning: Refusal = { ...lifted, placeAgainAfterHours: 72, placedAgainAt: at };

const standing = { state: 'in-force', version: 3, lockHours: 24, placedAt: at - hour };
const ask = { liftDelayHours: 0 };

/** What the moves come to: the problem's code, or kinds, versions, members and the refusal after the last. */
function said(moves: () => readonly Move[]): unknown {
  try {
    return moves().map(({ kind, version, body, next }) => [kind, version, body, next]);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

type Row = [string, () => readonly Move[], unknown];

describe('a refusal', () => {
  const fresh = { state: 'in-force', lockHours: 12, placedAt: at };
  const placing: Row[] = [
    [
      'placed for the first time has version 1 and nothing before it',
      () => place(undefined, 12, at),
      [['refusal.placed', 1, { lockHours: 12 }, { ...fresh, version: 1 }]],
    ],
    [
      'placed after a lift names what it follows, and may have a shorter lock than before',
      () => place(lifted, 12, at),
      [['refusal.placed', 5, { lockHours: 12, prev }, { ...fresh, version: 5 }]],
    ],
    [
      'placed before its return voids the return',
      () => place(returning, 12, at),
      [['refusal.placed', 5, { lockHours: 12, prev }, { ...fresh, version: 5 }]],
    ],
    ['in force with that lock is not placed again', () => place(inForce, 24, at), 'refusal-already-in-force'],
    ['in force never gets a shorter lock', () => place(inForce, 12, at), 'refusal-already-in-force'],
    [
      'in force gets a longer lock',
      () => place(inForce, 72, at),
      [['refusal.lock-grown', 3, { lockHours: 72 }, { ...standing, lockHours: 72 }]],
    ],
    [
      'with a pending lift keeps its longer lock when it is placed again',
      () => place(pendingWithReturn, 12, at),
      [['lift.cancelled', 3, {}, standing]],
    ],
    [
      'with a pending lift may grow its lock when it is placed again',
      () => place(pending, 72, at),
      [
        ['lift.cancelled', 3, {}, standing],
        ['refusal.lock-grown', 3, { lockHours: 72 }, { ...standing, lockHours: 72 }],
      ],
    ],
  ];
  const waiting = { ...standing, state: 'lift-pending', liftRequestedAt: at };
  const lifting: Row[] = [
    ['that never was is not lifted', () => lift(undefined, ask, at), 'no-refusal-in-force'],
    ['that was lifted is not lifted again', () => lift(lifted, ask, at), 'no-refusal-in-force'],
    ['is lifted once at a time', () => lift(pending, ask, at), 'lift-already-pending'],
    [
      'to be lifted waits its lock',
      () => lift(inForce, ask, at),
      [['lift.requested', 3, { lockHours: 24 }, { ...waiting, liftsAt: at + 24 * hour }]],
    ],
    [
      'to be lifted waits the delay of the law where that is longer',
      () => lift(inForce, { liftDelayHours: 48 }, at),
      [['lift.requested', 3, { lockHours: 24 }, { ...waiting, liftsAt: at + 48 * hour }]],
    ],
    [
      'to be lifted for three days says when it is back',
      () => lift(inForce, { ...ask, placeAgainAfterHours: 72 }, at),
      [
        [
          ...['lift.requested', 3, { lockHours: 24, placeAgainAfterHours: 72 }],
          {
            ...waiting,
            ...{ liftsAt: at + 24 * hour, placeAgainAfterHours: 72, placedAgainAt: at + 96 * hour },
          },
        ],
      ],
    ],
  ];
  const cancelling: Row[] = [
    ['that never was has no lift to call off', () => cancelLift(undefined), 'no-lift-pending'],
    ['in force has no lift to call off', () => cancelLift(inForce), 'no-lift-pending'],
    ['that was lifted cannot be kept', () => cancelLift(lifted), 'no-lift-pending'],
    [
      'whose lift is called off stands as before, without its return',
      () => cancelLift(pendingWithReturn),
      [['lift.cancelled', 3, {}, standing]],
    ],
  ];
  const gone = { state: 'none', version: 4, lockHours: 24, requestedBy: 'u', requestIndex: 7 };
  const clerk: Row[] = [
    ['that never was is not carried out', () => carryOut(undefined, 'known-good', 'ent_u', at), []],
    ['in force is not carried out', () => carryOut(inForce, 'known-good', 'ent_u', at), []],
    ['is not lifted a millisecond early', () => carryOut(pending, 'known-good', 'ent_u', at - 1), []],
    ['is not kept a millisecond early', () => carryOut(pending, 'revoked', 'ent_u', at - 1), []],
    [
      'is lifted at its hour',
      () => carryOut(pending, 'known-good', 'ent_u', at),
      [['refusal.lifted', 4, { requestedBy: 'ent_u', prev }, gone]],
    ],
    [
      'lifted late returns as long after its lift as was signed',
      () => carryOut(pendingWithReturn, 'known-good', 'ent_u', at + hour),
      [
        [
          ...['refusal.lifted', 4, { requestedBy: 'ent_u', prev }],
          { ...gone, placeAgainAfterHours: 72, placedAgainAt: at + 73 * hour },
        ],
      ],
    ],
    [
      'stays when the certificate was revoked, and does not return',
      () => carryOut(pendingWithReturn, 'revoked', 'ent_u', at),
      [['lift.cancelled', 3, { requestedBy: 'ent_u', reason: 'certificate-revoked' }, standing]],
    ],
    ['without a return does not come back', () => comeBack(lifted, 'ent_u', at), []],
    ['does not come back a millisecond early', () => comeBack(returning, 'ent_u', at - 1), []],
    ['in force does not come back', () => comeBack({ ...returning, state: 'in-force' }, 'ent_u', at), []],
    [
      'comes back with the lock from before its lift',
      () => comeBack(returning, 'ent_u', at),
      [
        [
          ...['refusal.placed', 5, { lockHours: 24, requestedBy: 'ent_u', prev }],
          { ...standing, version: 5, placedAt: at },
        ],
      ],
    ],
  ];
  it.each([...placing, ...lifting, ...cancelling, ...clerk])('%s', (_sentence, moves, expected) => {
    expect(said(moves)).toEqual(expected);
  });
});

describe('the row of a refusal', () => {
  const made = (kind: Made['kind'], index: number): Made => ({
    ...{ id: `ent_${index}`, uuid: `uuid-${index}`, index, kind, at, text: '{}' },
    leafHash: Buffer.alloc(32, index),
  });

  it('follows its newest entry, and its newest counting entry is what the next one names', () => {
    const placed = refusalAfter(undefined, subject, place(undefined, 24, at), [made('refusal.placed', 8)]);
    expect(placed).toMatchObject({ version: 1, entryIndex: 8, movedLeaf: Buffer.alloc(32, 8) });
    const asked = refusalAfter(placed, subject, lift(placed, ask, at), [made('lift.requested', 9)]);
    expect(asked).toMatchObject({ requestedBy: 'uuid-9', requestIndex: 9, entryIndex: 9 });
    expect(asked.movedLeaf).toEqual(Buffer.alloc(32, 8));
    const both = place(asked, 72, at);
    const grown = refusalAfter(asked, subject, both, [
      made('lift.cancelled', 10),
      made('refusal.lock-grown', 11),
    ]);
    expect(grown).toMatchObject({ state: 'in-force', lockHours: 72, entryIndex: 11 });
    expect(grown).not.toHaveProperty('requestedBy');
    expect(grown.movedLeaf).toEqual(Buffer.alloc(32, 8));
  });

  it('is not made from entries that are not its own', () => {
    const moves = place(undefined, 24, at);
    expect(() => refusalAfter(undefined, subject, moves, [made('refusal.lifted', 8)])).toThrow(
      'without its entry',
    );
    expect(() => refusalAfter(undefined, subject, moves, [])).toThrow('without its entry');
    expect(() => refusalAfter(inForce, subject, [], [])).toThrow('no move');
  });
});

describe('inheriting', () => {
  it('is for whoever never had a refusal: version 1, no lock, since the source says so', () => {
    const placedAt = at - 1000 * hour;
    expect(inherit(undefined, placedAt)).toEqual([
      {
        ...{ kind: 'refusal.inherited', version: 1, body: { lockHours: 0 } },
        next: { state: 'in-force', version: 1, lockHours: 0, placedAt },
      },
    ]);
    for (const now of [inForce, pending, lifted]) expect(inherit(now, placedAt)).toEqual([]);
  });
});

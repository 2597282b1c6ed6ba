/**
 * The refusal machine against a model of a few lines: whatever a person and the clerk do in whatever order, the machine
 * says the same as the model, and what must never happen never does. A failing run prints its seed and path.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Made } from '#libs/journal/act.js';
import { countsVersion } from '#libs/journal/entry.js';
import { Problem } from '#libs/problem/problem.js';
import { isInForce, type Refusal } from '#libs/refusal/refusal.js';
import {
  cancelLift,
  carryOut,
  comeBack,
  lift,
  place,
  refusalAfter,
  type Move,
} from '#libs/refusal/transitions.js';

const hour = 3_600_000;
const subject = { epoch: 1, bytes: Buffer.alloc(32, 1) };

type Step =
  | { readonly do: 'place'; readonly lockHours: number }
  | { readonly do: 'lift'; readonly placeAgainAfterHours?: number }
  | { readonly do: 'cancel' }
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'clerk'; readonly certificate: 'known-good' | 'revoked' };

const locks = fc.constantFrom(0, 12, 24, 72, 168);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('place' as const), lockHours: locks }),
  fc.record(
    { do: fc.constant('lift' as const), placeAgainAfterHours: fc.constantFrom(24, 72, 168) },
    { requiredKeys: ['do'] },
  ),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 11, 12, 24, 72, 168) }),
  fc.record({
    do: fc.constant('clerk' as const),
    certificate: fc.constantFrom('known-good' as const, 'known-good' as const, 'revoked' as const),
  }),
);

/** All that there is to know of a refusal. Absent hours: nothing is due. */
interface Model {
  readonly isOn: boolean;
  readonly lock: number;
  readonly version: number;
  readonly liftsAt?: number;
  readonly returnAfter?: number;
  readonly returnsAt?: number;
}

/** What a step makes of the model; the same model when it is not allowed. */
function stepped(model: Model, step: Step, now: number): Model {
  const { isOn, lock, version, liftsAt } = model;
  switch (step.do) {
    case 'wait':
      return model;
    case 'place':
      if (!isOn) return { isOn: true, lock: step.lockHours, version: version + 1 };
      return liftsAt !== undefined || step.lockHours > lock
        ? { isOn, lock: Math.max(lock, step.lockHours), version }
        : model;
    case 'lift':
      if (!isOn || liftsAt !== undefined) return model;
      return {
        ...{ isOn, lock, version, liftsAt: now + lock },
        ...(step.placeAgainAfterHours !== undefined && { returnAfter: step.placeAgainAfterHours }),
      };
    case 'cancel':
      return liftsAt === undefined ? model : { isOn, lock, version };
    case 'clerk':
      return clerked(model, step.certificate, now);
  }
}

function clerked(model: Model, certificate: string, now: number): Model {
  const { isOn, lock, version, liftsAt, returnAfter, returnsAt } = model;
  if (liftsAt !== undefined && liftsAt <= now) {
    if (certificate === 'revoked') return { isOn, lock, version };
    return {
      ...{ isOn: false, lock, version: version + 1 },
      ...(returnAfter !== undefined && { returnsAt: now + returnAfter }),
    };
  }
  if (returnsAt !== undefined && returnsAt <= now) return { isOn: true, lock, version: version + 1 };
  return model;
}

/** The machine's moves for a step; none when it refuses. */
function movesFor(refusal: Refusal | undefined, step: Step, at: number): readonly Move[] {
  try {
    if (step.do === 'place') return place(refusal, step.lockHours, at);
    if (step.do === 'lift') return lift(refusal, { ...step, liftDelayHours: 0 }, at);
    if (step.do === 'cancel') return cancelLift(refusal);
    if (step.do === 'wait') return [];
    return refusal?.state === 'none'
      ? comeBack(refusal, 'ent_x', at)
      : carryOut(refusal, step.certificate, 'ent_x', at);
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

/** The refusal as the model would tell it. */
function told(refusal: Refusal | undefined): Model {
  if (refusal === undefined) return { isOn: false, lock: 0, version: 0 };
  const { lockHours, version, liftsAt, placeAgainAfterHours, placedAgainAt, state } = refusal;
  return {
    ...{ isOn: isInForce(refusal), lock: lockHours, version },
    ...(liftsAt !== undefined && { liftsAt: liftsAt / hour }),
    ...(liftsAt !== undefined && placeAgainAfterHours !== undefined && { returnAfter: placeAgainAfterHours }),
    ...(state === 'none' && placedAgainAt !== undefined && { returnsAt: placedAgainAt / hour }),
  };
}

/** What must hold of every move, whatever the model says. */
function mustHold(before: Refusal | undefined, moves: readonly Move[], after: Refusal, step: Step): void {
  let { version } = before ?? { version: 0 };
  for (const move of moves) {
    version += countsVersion(move.kind) ? 1 : 0;
    expect(move.version).toBe(version);
    if (move.kind === 'refusal.lock-grown')
      expect(move.next.lockHours).toBeGreaterThan(before?.lockHours ?? Infinity);
    expect(Object.hasOwn(move.body, 'prev')).toBe(countsVersion(move.kind) && version > 1);
  }
  // Only the clerk takes a refusal away, and only a refusal that was taken away gets a shorter lock.
  if (isInForce(before) && !isInForce(after)) expect(step.do).toBe('clerk');
  if (isInForce(before) && isInForce(after))
    expect(after.lockHours).toBeGreaterThanOrEqual(before?.lockHours ?? 0);
  // Nothing that waits can be hurried.
  if (before?.state === 'lift-pending' && after.state === 'lift-pending')
    expect(after.liftsAt).toBe(before.liftsAt);
}

it('the refusal machine does what its model does, whoever acts in whatever order', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (all) => {
      let model: Model = { isOn: false, lock: 0, version: 0 };
      let refusal: Refusal | undefined;
      let hours = 0;
      let size = 0;
      for (const step of all) {
        if (step.do === 'wait') hours += step.hours;
        model = stepped(model, step, hours);
        const moves = movesFor(refusal, step, hours * hour);
        if (moves.length > 0) {
          const entries = moves.map(({ kind }): Made => entryOf(kind, size++));
          const after = refusalAfter(refusal, subject, moves, entries);
          mustHold(refusal, moves, after, step);
          expect(after.entryIndex).toBe(size - 1);
          refusal = after;
        }
        expect(told(refusal)).toEqual(model);
      }
    }),
    { numRuns: 2000 },
  );
});

function entryOf(kind: Made['kind'], index: number): Made {
  const leafHash = Buffer.alloc(32, index);
  return { id: `ent_${index}`, uuid: `uuid-${index}`, index, kind, at: 0, text: '{}', leafHash };
}

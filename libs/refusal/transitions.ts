/**
 * Every legal move of a refusal on one page, with the entries it must leave. Only the citizen's own signature loosens
 * anything; a lock grows and never shrinks; only the clerk carries out a lift, when its hour has come.
 *
 *   none         --inherit-->   in-force      refusal.inherited    (before the registry opens)
 *   none         --place-->     in-force      refusal.placed
 *   in-force     --place-->     in-force      refusal.lock-grown   (only with a longer lock)
 *   lift-pending --place-->     in-force      lift.cancelled, refusal.lock-grown (with a longer lock)
 *   in-force     --lift-->      lift-pending  lift.requested
 *   lift-pending --cancel-->    in-force      lift.cancelled
 *   lift-pending --carry out--> none          refusal.lifted
 *   lift-pending --carry out--> in-force      lift.cancelled       (certificate revoked meanwhile)
 *   none         --return-->    in-force      refusal.placed       (as the lift asked)
 */
import { Problem } from '#libs/problem/problem.js';
import type { EntryKind } from '#libs/journal/entry.js';
import type { Made } from '#libs/journal/act.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { Refusal } from './refusal.js';

/** One entry to be left and the refusal after it, without what only the entry itself can tell. */
export interface Move {
  readonly kind: EntryKind;
  /** The version the entry states. */
  readonly version: number;
  /** Members of the entry that the transition itself decides. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly next: Omit<Refusal, 'subject' | 'movedLeaf' | 'entryIndex'>;
}

const hour = 3_600_000;

/**
 * A refusal of the time before, which no signature here stands behind: once, and only for somebody who never had one.
 * It has no lock, because nobody may be made to wait longer than he chose, and the sources know of no choice.
 */
export function inherit(now: Refusal | undefined, placedAt: number): readonly Move[] {
  if (now !== undefined) return [];
  const lockHours = 0;
  return [
    {
      kind: 'refusal.inherited',
      version: 1,
      body: { lockHours },
      next: { state: 'in-force', version: 1, lockHours, placedAt },
    },
  ];
}

/**
 * A signed placing.
 * @throws Problem `refusal-already-in-force` when nothing would change.
 */
export function place(now: Refusal | undefined, lockHours: number, at: number): readonly Move[] {
  if (now === undefined || now.state === 'none') return [placed(now, lockHours, at, { lockHours })];
  const isLonger = lockHours > now.lockHours;
  if (now.state === 'in-force') {
    if (!isLonger) throw new Problem('refusal-already-in-force');
    return [lockGrown(now, lockHours)];
  }
  const kept = cancelled(now);
  return isLonger ? [kept, lockGrown({ ...now, ...kept.next }, lockHours)] : [kept];
}

/**
 * A signed lift: waits for the longer of the lock and the delay of the law.
 * @throws Problem `no-refusal-in-force`, `lift-already-pending`
 */
export function lift(
  now: Refusal | undefined,
  ask: { readonly placeAgainAfterHours?: number; readonly liftDelayHours: number },
  at: number,
): readonly Move[] {
  if (now === undefined || now.state === 'none') throw new Problem('no-refusal-in-force');
  if (now.state === 'lift-pending') throw new Problem('lift-already-pending');
  const liftsAt = at + Math.max(now.lockHours, ask.liftDelayHours) * hour;
  const again = ask.placeAgainAfterHours;
  return [
    {
      kind: 'lift.requested',
      version: now.version,
      body: { lockHours: now.lockHours, ...(again !== undefined && { placeAgainAfterHours: again }) },
      next: {
        ...standing(now),
        state: 'lift-pending',
        liftRequestedAt: at,
        liftsAt,
        ...(again !== undefined && { placeAgainAfterHours: again, placedAgainAt: liftsAt + again * hour }),
      },
    },
  ];
}

/** Calls off a pending lift. @throws Problem `no-lift-pending` */
export function cancelLift(now: Refusal | undefined): readonly Move[] {
  if (now?.state !== 'lift-pending') throw new Problem('no-lift-pending');
  return [cancelled(now)];
}

/** The clerk at the hour: what is due, or nothing. */
export function carryOut(
  now: Refusal | undefined,
  certificate: 'known-good' | 'revoked',
  requestedBy: string,
  at: number,
): readonly Move[] {
  if (now?.state !== 'lift-pending' || now.liftsAt === undefined || at < now.liftsAt) return [];
  if (certificate === 'revoked')
    return [{ ...cancelled(now), body: { requestedBy, reason: 'certificate-revoked' } }];
  const again = now.placeAgainAfterHours;
  return [
    {
      kind: 'refusal.lifted',
      version: now.version + 1,
      body: { requestedBy, ...previous(now) },
      next: {
        state: 'none',
        version: now.version + 1,
        lockHours: now.lockHours,
        ...(now.requestedBy !== undefined && { requestedBy: now.requestedBy }),
        ...(now.requestIndex !== undefined && { requestIndex: now.requestIndex }),
        ...(again !== undefined && { placeAgainAfterHours: again, placedAgainAt: at + again * hour }),
      },
    },
  ];
}

/** The clerk at the hour of a return that the lift's signature asked for: the lock as before the lift. */
export function comeBack(now: Refusal | undefined, requestedBy: string, at: number): readonly Move[] {
  if (now?.state !== 'none' || now.placedAgainAt === undefined || at < now.placedAgainAt) return [];
  return [placed(now, now.lockHours, at, { lockHours: now.lockHours, requestedBy })];
}

/** The row after moves that left these entries. */
export function refusalAfter(
  before: Refusal | undefined,
  subject: SubjectKey,
  moves: readonly Move[],
  made: readonly Made[],
): Refusal {
  let movedLeaf = before?.movedLeaf;
  let next: Move['next'] | undefined;
  moves.forEach((move, place) => {
    const entry = made[place];
    if (entry === undefined || entry.kind !== move.kind) throw new Error('a move without its entry');
    if (move.version !== (next ?? before)?.version) movedLeaf = entry.leafHash;
    next =
      move.kind === 'lift.requested'
        ? { ...move.next, requestedBy: entry.uuid, requestIndex: entry.index }
        : move.next;
  });
  const last = made[moves.length - 1];
  if (next === undefined || movedLeaf === undefined || last === undefined) throw new Error('no move');
  return { ...next, subject, movedLeaf, entryIndex: last.index };
}

function placed(
  now: Refusal | undefined,
  lockHours: number,
  at: number,
  body: Readonly<Record<string, unknown>>,
): Move {
  const version = (now?.version ?? 0) + 1;
  return {
    kind: 'refusal.placed',
    version,
    body: { ...body, ...previous(now) },
    next: { state: 'in-force', version, lockHours, placedAt: at },
  };
}

function lockGrown(now: Refusal, lockHours: number): Move {
  return {
    kind: 'refusal.lock-grown',
    version: now.version,
    body: { lockHours },
    next: { ...standing(now), lockHours },
  };
}

function cancelled(now: Refusal): Move {
  return { kind: 'lift.cancelled', version: now.version, body: {}, next: standing(now) };
}

/** What stays of a refusal when no lift is pending. */
function standing(now: Refusal): Move['next'] {
  return {
    state: 'in-force',
    version: now.version,
    lockHours: now.lockHours,
    ...(now.placedAt !== undefined && { placedAt: now.placedAt }),
  };
}

function previous(now: Refusal | undefined): { readonly prev?: string } {
  return now === undefined ? {} : { prev: now.movedLeaf.toString('base64url') };
}

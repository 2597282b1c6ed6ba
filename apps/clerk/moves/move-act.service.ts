/**
 * The act of a due move, purely: what was proven outside of the head's lock is written under it as entries and signatures
 * give it, and nothing is left when the refusal has moved on meanwhile.
 */
import type { Act, Decision } from '#libs/journal/act.js';
import { Problem } from '#libs/problem/problem.js';
import type { DueMove, dueMovesTable } from '#libs/refusal/due-moves.store.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { refusalsTable } from '#libs/refusal/refusals.store.js';
import { carryOut, comeBack, refusalAfter, type Move } from '#libs/refusal/transitions.js';
import type { RevocationAnswer } from '#libs/signature/revocation.js';
import type { Iin } from '#libs/subject/iin.js';
import { subjectText } from '#libs/subject/subject.js';
import type { KeptAnswer, revocationAnswersTable } from './revocation-answers.store.js';

/** What a move looks into and writes. */
export type MoveTables = {
  readonly refusals: typeof refusalsTable;
  readonly due_moves: typeof dueMovesTable;
  readonly revocation_answers: typeof revocationAnswersTable;
};

/** What became of a job; `early` when its hour has not come, `outdated` when the refusal has moved on. */
export type Outcome = 'lifted' | 'cancelled' | 'placed' | 'early' | 'outdated' | 'refused';

/** What the authority said of the lift's certificate, and its row but for the entry that will rest on it. */
export interface Answered extends Pick<RevocationAnswer, 'status' | 'freshUntil'> {
  readonly sha256: string;
  readonly row: Omit<KeptAnswer, 'entryIndex'>;
}

/** A move as it was proven. */
export interface Intent {
  /** The refusal as entries and signatures give it. */
  readonly standing: Refusal;
  /** The entry that the row named before anything was proven: each honest move changes it, and nothing else is asked of it. */
  readonly seenAt: number | undefined;
  readonly iin: Iin;
  /** The request it rests on, as entries name it. */
  readonly requestedBy: string;
  /** Absent for a return, which needs nobody's word. */
  readonly answered?: Answered;
}

/** The act, which leaves nothing if the refusal was moved since it was judged. */
export function moveAct(intent: Intent): Act<MoveTables, unknown, Outcome> {
  const { standing, seenAt, requestedBy, answered } = intent;
  const { subject } = standing;
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      if (seen.find('refusals', subjectText(subject))?.entryIndex !== seenAt) return nothing('outdated');
      const [move] =
        answered === undefined
          ? comeBack(standing, requestedBy, seen.at)
          : carryOut(standing, answered.status === 'good' ? 'known-good' : 'revoked', requestedBy, seen.at);
      if (move === undefined) return nothing('early');
      // A list that grew old while the head was waited for shows nothing of this instant.
      if (move.kind === 'refusal.lifted' && answered !== undefined && seen.at > answered.freshUntil)
        throw new Problem('revocation-unavailable');
      return decisionOf(intent, move);
    },
  };
}

const outcomes: Readonly<Partial<Record<Move['kind'], Outcome>>> = {
  'refusal.lifted': 'lifted',
  'lift.cancelled': 'cancelled',
  'refusal.placed': 'placed',
};

function decisionOf({ standing, iin, answered }: Intent, move: Move): Decision<MoveTables, Outcome> {
  const { kind, version } = move;
  const { subject } = standing;
  const body = { ...move.body, ...(answered && { revocationSha256: answered.sha256 }) };
  return {
    entries: [{ kind, person: { subject, iin, version }, body }],
    rows: (made) => {
      const next = refusalAfter(standing, subject, [move], made);
      return {
        refusals: [next],
        due_moves: returnsAfter(next),
        revocation_answers: answered === undefined ? [] : [{ ...answered.row, entryIndex: next.entryIndex }],
      };
    },
    answer: () => outcomes[kind] ?? 'outdated',
  };
}

/** A lift that names the hour of its end asks for that hour in the same append. */
function returnsAfter(next: Refusal): readonly DueMove[] {
  if (next.state !== 'none' || next.placedAgainAt === undefined) return [];
  return [{ entryIndex: next.entryIndex, dueAt: next.placedAgainAt }];
}

function nothing(outcome: Outcome): Decision<MoveTables, Outcome> {
  return { entries: [], answer: () => outcome };
}

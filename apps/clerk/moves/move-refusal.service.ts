/**
 * Carries out what a citizen signed for, when its hour has come: the lift, or the return after it. Only this process
 * lifts. Everything is decided again under the head's lock, so that a job run twice, late, early or by two workers at
 * once does what one job at the right time would have done.
 */
import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Act, Decision } from '#libs/journal/act.js';
import type { Instant } from '#libs/journal/instant.js';
import { Problem } from '#libs/problem/problem.js';
import { askClerkToMove, dueMovesTable, type DueMove } from '#libs/refusal/due-moves.store.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { carryOut, comeBack, refusalAfter, type Move } from '#libs/refusal/transitions.js';
import type { RevocationAnswer } from '#libs/signature/revocation.js';
import type { SignatureVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { Iin } from '#libs/subject/iin.js';
import { subjectText } from '#libs/subject/subject.js';
import { alarmsTable } from '../harvesting/alarms.store.js';
import { dueOf, lostMoves } from './requests.store.js';
import { revocationAnswersTable, type KeptAnswer } from './revocation-answers.store.js';
import {
  personOfRequest,
  requestedBy,
  sealedAnswer,
  signerOfRequest,
  type Due,
  type OpeningKeys,
} from './signed-lift.js';

/** What the clerk looks into and writes. */
export const clerkTables = {
  refusals: refusalsTable,
  due_moves: dueMovesTable,
  revocation_answers: revocationAnswersTable,
  harvesting_alarms: alarmsTable,
};
export type ClerkTables = typeof clerkTables;

/** What became of a job; `early` when its hour has not come, `outdated` when the refusal has moved on. */
export type Outcome = 'lifted' | 'cancelled' | 'placed' | 'early' | 'outdated';

/** What the clerk needs of the Journal. Of the rules nothing: the law was applied when the citizen signed. */
export interface ClerkJournal {
  submit<A>(act: Act<ClerkTables, unknown, A>): Promise<A>;
}

export interface MoveSettings {
  readonly tx: EntityManager;
  readonly journal: ClerkJournal;
  readonly keys: OpeningKeys;
  readonly trust: TrustAnchors;
  /** Asks the authority. @throws Problem `revocation-unavailable` */
  readonly verifier: Pick<SignatureVerifier, 'answer'>;
}

/** What the authority said of the lift's certificate, and its row but for the entry that will rest on it. */
interface Asked extends Pick<RevocationAnswer, 'status' | 'freshUntil'> {
  readonly sha256: string;
  readonly row: Omit<KeptAnswer, 'entryIndex'>;
}

const lostAtOnce = 500;
/** Any instant that has passed makes the job run at once. */
const longDue: Instant = 0;

export class MoveRefusalService {
  constructor(private readonly settings: MoveSettings) {}

  /**
   * Job `move-refusal`. Until the lift entry is committed the refusal is in force, whatever fails here.
   * @throws Problem `revocation-unavailable`, `registry-unavailable`: the job is tried again.
   */
  async move(entryIndex: number): Promise<Outcome> {
    const { tx, journal, keys } = this.settings;
    const due = await dueOf(tx, entryIndex);
    if (due === undefined) return 'outdated';
    if (due.at < hourOf(due.refusal)) return this.tooEarly(entryIndex, due.refusal);
    const asked = due.refusal.state === 'lift-pending' ? await this.askCertificate(due) : undefined;
    const outcome = await journal.submit(moveAct(due, personOfRequest(due, keys), asked));
    return outcome === 'early' ? this.tooEarly(entryIndex, due.refusal) : outcome;
  }

  /** Asks again for moves that are due and whose job was lost, by a killed worker for one. @returns how many. */
  async findLost(): Promise<number> {
    const { tx } = this.settings;
    const lost = await lostMoves(tx, lostAtOnce);
    for (const entryIndex of lost) await askClerkToMove(tx, { entryIndex, dueAt: longDue });
    return lost.length;
  }

  /** Job and head are timed by different clocks; the one that came too early is asked for again at its hour. */
  private async tooEarly(entryIndex: number, refusal: Refusal): Promise<Outcome> {
    await askClerkToMove(this.settings.tx, { entryIndex, dueAt: hourOf(refusal) });
    return 'early';
  }

  private async askCertificate({ at, refusal, request }: Due): Promise<Asked> {
    const { keys, trust, verifier } = this.settings;
    const signer = signerOfRequest(request, keys.identity, trust, refusal.liftRequestedAt ?? at);
    const { status, freshUntil, evidence } = await verifier.answer({ signer, at, staleCrlHoursAllowed: 0 });
    const { applicationId, personId } = request;
    const answer = sealedAnswer(request, keys.identity, evidence.der, randomBytes);
    return {
      ...{ status, freshUntil, sha256: evidence.sha256 },
      row: { applicationId, personId, answer, kind: evidence.kind },
    };
  }
}

/**
 * The act for what was due, which leaves nothing if the refusal is no longer as it was when the authority was asked.
 * @param asked absent for a return, which needs nobody's word
 */
function moveAct(
  { refusal }: Pick<Due, 'refusal'>,
  iin: Iin,
  asked: Asked | undefined,
): Act<ClerkTables, unknown, Outcome> {
  const { subject } = refusal;
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      const now = seen.find('refusals', subjectText(subject));
      if (now?.state !== refusal.state || now.entryIndex !== refusal.entryIndex) return nothing('outdated');
      const by = requestedBy(now);
      const [move] =
        asked === undefined
          ? comeBack(now, by, seen.at)
          : carryOut(now, asked.status === 'good' ? 'known-good' : 'revoked', by, seen.at);
      if (move === undefined) return nothing('early');
      // A list that grew old while the head was waited for shows nothing of this instant.
      if (move.kind === 'refusal.lifted' && asked !== undefined && seen.at > asked.freshUntil)
        throw new Problem('revocation-unavailable');
      return decisionOf(now, iin, move, asked);
    },
  };
}

const outcomes: Readonly<Partial<Record<Move['kind'], Outcome>>> = {
  'refusal.lifted': 'lifted',
  'lift.cancelled': 'cancelled',
  'refusal.placed': 'placed',
};

function decisionOf(
  now: Refusal,
  iin: Iin,
  move: Move,
  asked: Asked | undefined,
): Decision<ClerkTables, Outcome> {
  const { kind, version } = move;
  const body = { ...move.body, ...(asked && { revocationSha256: asked.sha256 }) };
  return {
    entries: [{ kind, person: { subject: now.subject, iin, version }, body }],
    rows: (made) => {
      const next = refusalAfter(now, now.subject, [move], made);
      return {
        refusals: [next],
        due_moves: returnsAfter(next),
        revocation_answers: asked === undefined ? [] : [{ ...asked.row, entryIndex: next.entryIndex }],
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

function nothing(outcome: Outcome): Decision<ClerkTables, Outcome> {
  return { entries: [], answer: () => outcome };
}

function hourOf(refusal: Refusal): Instant {
  return (refusal.state === 'none' ? refusal.placedAgainAt : refusal.liftsAt) ?? Infinity;
}

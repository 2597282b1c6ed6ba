/**
 * Carries out what a citizen signed for, when its hour has come: the lift, or the return after it. Only this process
 * lifts, and it lifts only what entries, heads and signatures bear out, whatever the row says. It is decided again under
 * the head's lock, so that a job run twice, late, early or by two workers at once does what one job
 * at the right time would have done.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Act } from '#libs/journal/act.js';
import { isId, idToUuid, uuidToId } from '#libs/journal/id.js';
import type { Instant } from '#libs/journal/instant.js';
import { membersOf, type StoredEntry } from '#libs/journal/proven-entry.js';
import { askClerkToMove, dueMovesTable } from '#libs/refusal/due-moves.store.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import type { ChosenVerifier } from '#libs/signature/signature-verifier.js';
import type { Iin } from '#libs/subject/iin.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import { alarmsTable } from '../harvesting/alarms.store.js';
import { keepAlarm, keepJudgement } from './judgements.store.js';
import { judgementSeal, JudgingService, type JudgingSettings } from './judging.service.js';
import { moveAct, type Answered, type MoveTables, type Outcome } from './move-act.service.js';
import { dueOf, isStillDue, lostMoves, peopleOf, requestOf, type Due } from './requests.store.js';
import { revocationAnswersTable } from './revocation-answers.store.js';
import { iinOfPerson, sealedAnswer } from './signed-act.js';
import {
  isEnded,
  pendingLift,
  returnAfter,
  unsignedReturn,
  type DueReturn,
  type ProvenLift,
} from './standing.js';
import { mustBeProven, Unproven, type MoveFault } from './unproven.js';

/** What the clerk looks into and writes. */
export const clerkTables = {
  refusals: refusalsTable,
  due_moves: dueMovesTable,
  revocation_answers: revocationAnswersTable,
  harvesting_alarms: alarmsTable,
};
export type ClerkTables = typeof clerkTables;

/** What the moves need of the Journal. */
export interface ClerkJournal {
  submit<A>(act: Act<MoveTables, unknown, A>): Promise<A>;
}

/** A row demanded what entries and signatures do not bear out; told once of each entry and fault by each process. */
export interface MoveAlarm {
  readonly entryIndex: number;
  readonly fault: MoveFault;
}

export interface MoveSettings extends JudgingSettings {
  readonly journal: ClerkJournal;
  /** Asks the authority. @throws Problem `revocation-unavailable` */
  readonly verifier: Pick<ChosenVerifier, 'verify' | 'verifiesNational' | 'answer'>;
  onAlarm(alarm: MoveAlarm): void;
}

const lostAtOnce = 500;
/** Any instant that has passed makes the job run at once. */
const longDue: Instant = 0;

export class MoveRefusalService {
  private readonly judging: JudgingService;
  private readonly told = new LRUCache<string, true>({ max: 10_000 });

  constructor(private readonly settings: MoveSettings) {
    this.judging = new JudgingService(settings);
  }

  /**
   * Job `move-refusal`, asked for with the request and again for its hour. The first run judges the request and keeps
   * what it found. Until the lift entry is committed the refusal is in force, whatever fails here.
   * @throws Problem `revocation-unavailable`, `registry-unavailable`: the job is tried again.
   */
  async move(entryIndex: number): Promise<Outcome> {
    const due = await dueOf(this.settings.tx, entryIndex);
    if (due === undefined) return 'outdated';
    return due.entry.kind === 'lift.requested' ? this.lift(due) : this.placeAgain(due);
  }

  /** Asks again for moves whose job was lost, by a killed worker for one. @returns how many. */
  async findLost(): Promise<number> {
    const { tx } = this.settings;
    const lost = await lostMoves(tx, lostAtOnce);
    for (const entryIndex of lost) await askClerkToMove(tx, { entryIndex, dueAt: longDue });
    return lost.length;
  }

  private async lift(due: Due): Promise<Outcome> {
    const { tx, journal } = this.settings;
    const { entry, row } = due;
    const judged = await this.unlessUnproven(() => this.judgeLift(due));
    if (judged === 'outdated') return judged;
    if (judged instanceof Unproven) return this.refuse(entry.index, judged.fault);
    const { lift, standing } = judged;
    const seal = judgementSeal(lift.act, entry.index, randomBytes);
    const keeping = keepJudgement(tx, { entryIndex: entry.index, found: { dueAt: lift.liftsAt, seal } });
    // The authority is asked meanwhile, and whatever it says the judgement is kept before anything moves.
    const asking = due.at < lift.liftsAt ? undefined : this.askCertificate(due, lift);
    const [kept, asked] = await Promise.allSettled([keeping, asking]);
    if (kept.status === 'rejected') throw kept.reason;
    if (!isDeepStrictEqual(row, standing)) await this.alarm(entry.index, 'row-differs');
    if (asked.status === 'rejected') throw asked.reason;
    const answered = asked.value;
    if (answered === undefined) return this.tooEarly(entry.index, lift.liftsAt);
    const requestedBy = uuidToId('ent', entry.uuid);
    const outcome = await journal.submit(
      moveAct({ standing, seenAt: row?.entryIndex, iin: lift.act.iin, requestedBy, answered }),
    );
    return outcome === 'early' ? this.tooEarly(entry.index, lift.liftsAt) : outcome;
  }

  /** Judges the request, and whether it is still the person's newest word. */
  private async judgeLift({ entry, subject, refusal }: Due) {
    const lift = await this.judging.lift(entry, subject);
    if (isEnded(lift)) return this.endedBefore(entry, subject);
    return { lift, standing: pendingLift(refusal, lift) };
  }

  /** Entries have ended what the row calls due: a row that honestly moved on with them has moved on by now. */
  private async endedBefore(entry: StoredEntry, subject: SubjectKey): Promise<'outdated'> {
    mustBeProven(!(await isStillDue(this.settings.tx, subject, entry.index)), 'not-pending');
    return 'outdated';
  }

  private async placeAgain(due: Due): Promise<Outcome> {
    const { entry, subject, refusal, row } = due;
    const judged = await this.unlessUnproven(() => this.judgeReturn(due));
    if (judged === 'outdated') return judged;
    const isUnproven = judged instanceof Unproven;
    if (isUnproven && judged.fault === 'not-pending') return this.refuse(entry.index, judged.fault);
    const wanted = isUnproven ? unsignedReturn(refusal) : judged;
    if (wanted === undefined) {
      // Only a signed document that asks for no return stops one, and only a row that lies is worth an alarm.
      if (row?.placedAgainAt !== undefined) return this.refuse(entry.index, 'return-not-signed');
      return 'outdated';
    }
    // A return makes safer, so neither doubt about its signature nor a row that says otherwise keeps anybody from it.
    if (isUnproven) await this.alarm(entry.index, judged.fault);
    if (!isDeepStrictEqual(row, refusal)) await this.alarm(entry.index, 'row-differs');
    if (due.at < wanted.at) return this.tooEarly(entry.index, wanted.at);
    const { at: placedAgainAt, lockHours, requestedBy } = wanted;
    const outcome = await this.settings.journal.submit(
      moveAct({
        standing: { ...refusal, lockHours, placedAgainAt },
        ...{ seenAt: row?.entryIndex, iin: await this.personOf(subject), requestedBy },
      }),
    );
    return outcome === 'early' ? this.tooEarly(entry.index, wanted.at) : outcome;
  }

  /** The return that the signed lift asks for; undefined when it asks for none. */
  private async judgeReturn({ entry, subject, refusal }: Due): Promise<DueReturn | 'outdated' | undefined> {
    if (refusal.entryIndex !== entry.index) return this.endedBefore(entry, subject);
    const requestedBy = membersOf(entry)?.['requestedBy'];
    mustBeProven(isId('ent', requestedBy), 'entry-unreadable');
    const request = await requestOf(this.settings.tx, subject, idToUuid('ent', requestedBy));
    mustBeProven(request !== undefined, 'no-document');
    return returnAfter(entry, await this.judging.lift(request, subject));
  }

  private async unlessUnproven<T>(judge: () => Promise<T>): Promise<T | Unproven> {
    try {
      return await judge();
    } catch (error) {
      if (error instanceof Unproven) return error;
      throw error;
    }
  }

  /** Moves nothing, and asks again only when the sweep does, an hour later. */
  private async refuse(entryIndex: number, fault: MoveFault): Promise<Outcome> {
    await this.alarm(entryIndex, fault);
    await keepJudgement(this.settings.tx, { entryIndex, found: { fault } });
    return 'refused';
  }

  private async alarm(entryIndex: number, fault: MoveFault): Promise<void> {
    const { tx, onAlarm } = this.settings;
    const name = `${entryIndex} ${fault}`;
    // By memory and not by the row, because a row that was noted under our role's name must silence nothing.
    if (!this.told.has(name)) onAlarm({ entryIndex, fault });
    this.told.set(name, true);
    await keepAlarm(tx, entryIndex, fault);
  }

  /** The job that came too early is asked for again at its hour, which entries and signatures give. */
  private async tooEarly(entryIndex: number, dueAt: Instant): Promise<Outcome> {
    await askClerkToMove(this.settings.tx, { entryIndex, dueAt });
    return 'early';
  }

  private async askCertificate({ at }: Due, { signer, act }: ProvenLift): Promise<Answered> {
    const { verifier } = this.settings;
    const { status, freshUntil, evidence } = await verifier.answer({ signer, at, staleCrlHoursAllowed: 0 });
    const { applicationUuid: applicationId, personId } = act;
    const answer = sealedAnswer(act, evidence.der, randomBytes);
    return {
      ...{ status, freshUntil, sha256: evidence.sha256 },
      row: { applicationId, personId, answer, kind: evidence.kind },
    };
  }

  /** Whose refusal it is, by any row that opens under the pseudonym. */
  private async personOf(subject: SubjectKey): Promise<Iin> {
    const { tx, keys } = this.settings;
    for (const person of await peopleOf(tx, subject)) {
      const iin = iinOfPerson(person, subject, keys);
      if (iin !== undefined) return iin;
    }
    assert.fail('nobody is known under the pseudonym of a refusal that returns');
  }
}

/**
 * An application: a document opened for a citizen to sign, within a quarter of an hour, to place or lift. Rules only:
 * what state it is in, whether a signature still counts, and what the signature does to the refusal.
 */
import { Problem } from '#libs/problem/problem.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { lift, place, type Move } from '#libs/refusal/transitions.js';
import { assertOpen, valueAt, type Regime } from '#libs/regime/regime.js';
import type { SubjectKey } from '#libs/subject/subject.js';

export type ApplicationKind = 'place' | 'lift';
export type Language = 'kk' | 'ru' | 'en';
/** How a channel identified the citizen, as it says. */
export type IdentifiedBy = 'eds' | 'sms' | 'biometrics' | 'qr';

/** How long a document can be signed, and how long its QR code opens. */
export const signableMs = 15 * 60_000;
export const phoneMs = 180_000;

/** What a citizen asks for. */
export interface Ask {
  readonly kind: ApplicationKind;
  /** place: the lock chosen; lift: the lock in force when it was opened. */
  readonly lockHours: number;
  readonly placeAgainAfterHours?: number;
}

/** Instants in milliseconds of registry time. */
export interface Application extends Ask {
  readonly uuid: string;
  readonly personId: string;
  readonly subject: SubjectKey;
  /** As stored; `stateOf` says what it amounts to now. */
  readonly stored: 'open' | 'signed' | 'void';
  /** Client id of the channel that opened it. */
  readonly channel: string;
  readonly identifiedBy: IdentifiedBy;
  readonly language: Language;
  readonly documentSha256: Buffer;
  readonly openedAt: number;
  readonly expiresAt: number;
  /** Both only of a signed one: the CMS accepted, and the newest entry that came of it at once. */
  readonly cmsSha256?: Buffer;
  readonly entryIndex?: number;
}

export type ApplicationState = 'open' | 'signed' | 'expired' | 'void';

/** The lift was opened under a shorter lock than the one now in force: its document no longer says the truth. */
function isOvertaken(application: Ask, refusal: Refusal | undefined): boolean {
  return application.kind === 'lift' && refusal !== undefined && refusal.lockHours > application.lockHours;
}

/** What the application amounts to at `at`, the person's refusal being as it is then. */
export function stateOf(
  application: Application,
  refusal: Refusal | undefined,
  at: number,
): ApplicationState {
  if (application.stored !== 'open') return application.stored;
  if (isOvertaken(application, refusal)) return 'void';
  return at < application.expiresAt ? 'open' : 'expired';
}

const problemOfState = {
  signed: 'application-already-signed',
  expired: 'application-expired',
  void: 'application-void',
} as const;

/** @throws Problem `application-already-signed`, `application-expired`, `application-void` */
export function mustBeOpen(application: Application, refusal: Refusal | undefined, at: number): void {
  const state = stateOf(application, refusal, at);
  if (state !== 'open') throw new Problem(problemOfState[state]);
}

/** What the law of the instant adds to what a citizen asks. */
export interface LawOfAsking {
  /** Hours a citizen may choose as lock. */
  readonly lockAllowed: readonly number[];
  readonly returnAllowed: boolean;
  /** Hours the law itself makes a lift wait. */
  readonly liftDelayHours: number;
}

/**
 * The law at an instant.
 * @throws AssertionError when the regime says nothing: the law is never guessed; Problem `registry-not-open`
 */
export function lawAt(regime: Regime, at: number): LawOfAsking {
  assertOpen(regime);
  return {
    lockAllowed: valueAt(regime, 'lockAllowed', at),
    returnAllowed: valueAt(regime, 'returnAllowed', at),
    liftDelayHours: valueAt(regime, 'liftDelay', at),
  };
}

/**
 * What a signature would do to the refusal at `at`; asked once when a document is opened, so that nobody is made to
 * sign for nothing, and again under the Journal's lock when it is signed.
 * @throws Problem of `transitions.ts`
 */
export function movesOf(
  ask: Ask,
  refusal: Refusal | undefined,
  liftDelayHours: number,
  at: number,
): readonly Move[] {
  if (ask.kind === 'place') return place(refusal, ask.lockHours, at);
  const { placeAgainAfterHours } = ask;
  return lift(
    refusal,
    { liftDelayHours, ...(placeAgainAfterHours !== undefined && { placeAgainAfterHours }) },
    at,
  );
}

/** What came with the request, before it is known to be allowed. */
export interface Wish {
  readonly kind: ApplicationKind;
  readonly lockHours?: number | undefined;
  readonly placeAgainAfterHours?: number | undefined;
}

/**
 * The ask a wish amounts to: members where they belong, hours that are allowed.
 * @throws Problem `request-malformed`, `lock-not-allowed`, `return-not-allowed`
 */
export function askOf(wish: Wish, refusal: Refusal | undefined, law: LawOfAsking): Ask {
  return wish.kind === 'place' ? placeAsk(wish, law) : liftAsk(wish, refusal, law);
}

function placeAsk({ lockHours, placeAgainAfterHours }: Wish, law: LawOfAsking): Ask {
  if (lockHours === undefined)
    throw new Problem('request-malformed', { errors: [{ pointer: '/lockHours', code: 'member-missing' }] });
  if (!law.lockAllowed.includes(lockHours)) throw notAllowed('lock-not-allowed', '/lockHours');
  if (placeAgainAfterHours !== undefined) throw notAllowed('return-not-allowed', '/placeAgainAfterHours');
  return { kind: 'place', lockHours };
}

function liftAsk(
  { lockHours, placeAgainAfterHours }: Wish,
  refusal: Refusal | undefined,
  law: LawOfAsking,
): Ask {
  // A lift waits for the lock that is in force: whoever could name another would shorten it.
  if (lockHours !== undefined) throw notAllowed('lock-not-allowed', '/lockHours');
  if (placeAgainAfterHours !== undefined && !law.returnAllowed)
    throw notAllowed('return-not-allowed', '/placeAgainAfterHours');
  return {
    kind: 'lift',
    lockHours: refusal?.lockHours ?? 0,
    ...(placeAgainAfterHours !== undefined && { placeAgainAfterHours }),
  };
}

function notAllowed(code: 'lock-not-allowed' | 'return-not-allowed', pointer: string): Problem {
  return new Problem(code, { errors: [{ pointer, code }] });
}

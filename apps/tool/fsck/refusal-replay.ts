/**
 * What was in force, told from the entries alone by a program that shares nothing with the one that wrote them: no
 * transition table, no verdict rule. An act counts only when the citizen's own signature stands behind it, so a lift that
 * was slipped into the Journal is named and moves nothing.
 */
import { formatInstant, readInstant } from '#libs/journal/instant.js';
import { valueAt, type Regime } from '#libs/regime/regime.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import { idText } from './id-text.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding, FindingCode } from './finding.js';
import type { Standing } from './standing.js';
import { Standings } from './standings.js';
import type { SubjectNumbers } from './subject-numbers.js';

/** What is known when an entry is seen. */
export interface Circumstances {
  /** Whether a citizen's valid signature over this very act was found. */
  readonly isSigned: boolean;
  /** Whether the authority's word under this very entry was found and says what the entry did. */
  readonly isAnswered: boolean;
  /** The law as the entries before this one left it. */
  readonly regime: Regime;
}

type Outcome =
  | { readonly next: Standing; readonly code?: FindingCode; readonly what?: string }
  | { readonly code: FindingCode; readonly what: string }
  /** An act without its signature or answer, which was named when those were judged. */
  | 'nothing';
type Step = (now: Standing | undefined, entry: ReadEntry, known: Circumstances) => Outcome;

const hourMs = 3_600_000;

/** Each kind that moves a refusal; every other leaves it as it is. */
const steps: Readonly<Record<string, Step>> = {
  'refusal.inherited': inherited,
  'refusal.placed': placed,
  'refusal.lock-grown': lockGrown,
  'lift.requested': liftRequested,
  'lift.cancelled': liftCancelled,
  'refusal.lifted': lifted,
};

export class RefusalReplay {
  /** Everybody whose refusal an entry ever moved. */
  readonly standings: Standings;

  constructor(people: SubjectNumbers) {
    this.standings = new Standings(people);
  }

  /** The refusal of this subject before the next entry. */
  standingOf(subject: SubjectKey): Standing | undefined {
    return this.standings.get(subject);
  }

  see(entry: ReadEntry, known: Circumstances): readonly Finding[] {
    const { row, kind } = entry;
    if (row.subject === undefined) return [];
    if (kind === 'check.made')
      return checkFindings(this.standings.isRefused(row.subject), entry, known.regime);
    const step = Object.hasOwn(steps, kind) ? steps[kind] : undefined;
    if (step === undefined) return [];
    const outcome = step(this.standings.get(row.subject), entry, known);
    if (outcome === 'nothing') return [];
    if ('next' in outcome) this.standings.set(row.subject, outcome.next);
    const { code, what } = outcome;
    return code === undefined ? [] : [{ code, index: row.index, what: `${kind}: ${what ?? ''}` }];
  }
}

/** A verdict at index i is a function of the entries before i. */
function checkFindings(isRefused: boolean, entry: ReadEntry, regime: Regime): readonly Finding[] {
  const { row, members } = entry;
  const found: Finding[] = [];
  const say = (code: FindingCode, what: string) => found.push({ code, index: row.index, what });
  if (members['verdict'] !== (isRefused ? 'refused' : 'clear'))
    say('verdict-differs', `answered ${String(members['verdict'])}, the entries before say otherwise`);
  const stage = members['stage'] === 'disbursement' ? 'disbursement' : 'decision';
  const seconds = valueAt(regime, 'checkValidity', row.at, row.party ?? '')[stage];
  const validUntil = isRefused ? undefined : formatInstant(row.at + seconds * 1000);
  if (members['validUntil'] !== validUntil) say('validity-differs', 'validUntil is not what the regime says');
  return found;
}

/** No signature stands behind it; it stands since its source says so. */
function inherited(now: Standing | undefined, entry: ReadEntry): Outcome {
  const next = inForce(now, entry, hoursOf(entry));
  const placedAt = readInstant(entry.members['placedAt']);
  return { next: { ...next, ...(placedAt !== undefined && { placedAt }) } };
}

function placed(now: Standing | undefined, entry: ReadEntry, known: Circumstances): Outcome {
  if (now !== undefined && now.state !== 'none') return not('a refusal is in force already');
  const { row, members } = entry;
  if (members['requestedBy'] === undefined)
    return known.isSigned ? { next: inForce(now, entry, hoursOf(entry)) } : 'nothing';
  // A return rests on the signature under the lift, and on nothing else.
  const isAsked =
    now?.placedAgainAt !== undefined &&
    row.at >= now.placedAgainAt &&
    members['requestedBy'] === idOf(now) &&
    hoursOf(entry) === now.lockHours;
  return isAsked
    ? { next: inForce(now, entry, now.lockHours) }
    : { code: 'act-not-signed', what: 'a return that no signed lift asked for, or before its hour' };
}

function lockGrown(now: Standing | undefined, entry: ReadEntry, known: Circumstances): Outcome {
  if (now?.state !== 'in-force' || hoursOf(entry) <= now.lockHours) return not('the lock does not grow');
  if (!known.isSigned) return 'nothing';
  return { next: { ...standing(now, entry), lockHours: hoursOf(entry) } };
}

function liftRequested(now: Standing | undefined, entry: ReadEntry, known: Circumstances): Outcome {
  const { row, members } = entry;
  if (now?.state !== 'in-force') return not('nothing is in force that could be lifted');
  if (!known.isSigned) return 'nothing';
  // The citizen waits for the longer of what he signed now and what he signed before, whatever a row said in between.
  const lockHours = Math.max(now.lockHours, hoursOf(entry));
  const waits = Math.max(lockHours, valueAt(known.regime, 'liftDelay', row.at));
  const liftsAt = row.at + waits * hourMs;
  const again = members['placeAgainAfterHours'];
  const back =
    typeof again === 'number' ? { placeAgainAfterHours: again, placedAgainAt: liftsAt + again * hourMs } : {};
  return {
    ...(hoursOf(entry) === now.lockHours ? {} : not('it names another lock than the one in force')),
    next: {
      ...standing(now, entry),
      lockHours,
      state: 'lift-pending',
      liftRequestedAt: row.at,
      liftsAt,
      ...back,
      requestedBy: row.uuid,
      requestIndex: row.index,
    },
  };
}

/** Needs no signature, because it can only make safer. */
function liftCancelled(now: Standing | undefined, entry: ReadEntry): Outcome {
  if (now?.state !== 'lift-pending') return not('no lift is pending');
  return { next: standing(now, entry) };
}

function lifted(now: Standing | undefined, entry: ReadEntry, known: Circumstances): Outcome {
  const { row, members } = entry;
  if (now?.state !== 'lift-pending' || members['requestedBy'] !== idOf(now))
    return { code: 'lift-not-requested', what: 'no signed request is pending behind it' };
  if (now.liftsAt === undefined || row.at < now.liftsAt)
    return { code: 'lift-not-requested', what: 'before the hour of its request' };
  return known.isAnswered ? { next: none(now, entry) } : 'nothing';
}

function inForce(now: Standing | undefined, { row }: ReadEntry, lockHours: number): Standing {
  const { subject, index: entryIndex, leafHash: movedLeaf, at: placedAt } = row;
  if (subject === undefined) throw new Error('a placing about nobody');
  return {
    subject,
    state: 'in-force',
    version: (now?.version ?? 0) + 1,
    lockHours,
    placedAt,
    movedLeaf,
    entryIndex,
  };
}

function none(now: Standing, { row }: ReadEntry): Standing {
  const again = now.placeAgainAfterHours;
  return {
    subject: now.subject,
    state: 'none',
    version: now.version + 1,
    lockHours: now.lockHours,
    ...(now.requestedBy !== undefined && { requestedBy: now.requestedBy }),
    ...(now.requestIndex !== undefined && { requestIndex: now.requestIndex }),
    ...(again !== undefined && { placeAgainAfterHours: again, placedAgainAt: row.at + again * hourMs }),
    movedLeaf: row.leafHash,
    entryIndex: row.index,
  };
}

/** In force without a lift pending; the version does not rise. */
function standing(now: Standing, { row }: ReadEntry): Standing {
  const { subject, version, lockHours, placedAt, movedLeaf } = now;
  return {
    ...{ subject, version, lockHours, movedLeaf },
    state: 'in-force',
    ...(placedAt !== undefined && { placedAt }),
    entryIndex: row.index,
  };
}

function hoursOf({ members }: ReadEntry): number {
  return typeof members['lockHours'] === 'number' ? members['lockHours'] : NaN;
}

/** The pending request as entries name it. */
function idOf({ requestedBy }: Standing): string | undefined {
  return requestedBy === undefined ? undefined : idText('ent', requestedBy);
}

function not(what: string): { readonly code: FindingCode; readonly what: string } {
  return { code: 'move-not-allowed', what };
}

/**
 * Every kind of entry the Journal can hold, who may append it, and what it moves. The grants in `migrations/` say the
 * same in row-level security, and a test tries each forbidden one as each role.
 */

/** The processes that append, each with its own database role and head key. */
export const processNames = ['citizen', 'lender', 'bureau', 'clerk', 'tool'] as const;
export type ProcessName = (typeof processNames)[number];

/** Every kind, noun.past-participle. A kind comes with the code that appends it. */
export const entryKinds = [
  'registry.opened',
  'refusal.inherited',
  'refusal.placed',
  'refusal.lock-grown',
  'lift.requested',
  'lift.cancelled',
  'refusal.lifted',
  'check.made',
  'loan.reported',
  'loan.amended',
  'trail.read',
  'refusal.stamped',
  'stamp.lost',
  'bureau.disagreed',
  'correction.reported',
  'notice.delivered',
  'harvesting.suspected',
  'party.admitted',
  'party.suspended',
  'party.key-changed',
  'regime.changed',
  'key.published',
  'key.retired',
  'key.compromised',
  'acts.verified',
  'log.broken',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** What every entry has, and the members that tie entries together; the rest of the members belong to the kind. */
export interface Entry {
  readonly v: 1;
  /** `ent_…` */
  readonly id: string;
  readonly kind: EntryKind;
  /** RFC 3339 with milliseconds and Z, registry time. */
  readonly at: string;
  /** The person it is about, as `personOf` makes it; absent when it is about nobody or follows up another entry. */
  readonly person?: string;
  /** The person's refusal version: the one this entry makes when it counts, else the one in force. */
  readonly version?: number;
  /** Leaf hash of the person's previous entry that counts, base64url; absent at version 1. */
  readonly prev?: string;
  /** The entry this one follows up: `ent_…`. */
  readonly about?: string;
  readonly [member: string]: unknown;
}

/** Which process may append which kinds. Only the clerk lifts, also when nothing has to be waited for. */
export const kindsOf: Readonly<Record<ProcessName, readonly EntryKind[]>> = {
  citizen: ['refusal.placed', 'refusal.lock-grown', 'lift.requested', 'lift.cancelled', 'trail.read'],
  lender: ['check.made', 'loan.reported', 'loan.amended', 'notice.delivered'],
  bureau: [
    'refusal.stamped',
    'stamp.lost',
    'bureau.disagreed',
    'loan.reported',
    'loan.amended',
    'correction.reported',
  ],
  // Of placings only returns, which a citizen signed for together with the lift.
  clerk: ['refusal.lifted', 'refusal.placed', 'lift.cancelled', 'harvesting.suspected', 'acts.verified'],
  // Acts of the operator, with two officials' signatures once the registry is open.
  tool: [
    'registry.opened',
    'refusal.inherited',
    'party.admitted',
    'party.suspended',
    'party.key-changed',
    'regime.changed',
    'key.published',
    'key.retired',
    'key.compromised',
    'log.broken',
  ],
};

/**
 * Kinds that head keys published by earlier releases vouch for although no code ever appended them. They are read in such
 * keys, so that an older registry stays verifiable, and no new key names them.
 */
export const formerKindsOf: Readonly<Partial<Record<ProcessName, readonly string[]>>> = {
  citizen: ['claim.lodged', 'status-certificate.issued'],
  lender: ['loan.written-off', 'breach.answered', 'claim.answered'],
  bureau: ['claim.answered'],
  clerk: ['breach.found', 'finding.noted', 'outage.declared'],
  tool: ['entries.disclosed'],
};

const counting: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'refusal.inherited',
  'refusal.placed',
  'refusal.lifted',
]);
const kindSet: ReadonlySet<unknown> = new Set(entryKinds);

/** Whether a value read from outside is a kind of entry. */
export function isEntryKind(kind: unknown): kind is EntryKind {
  return kindSet.has(kind);
}

/** Whether the person's refusal version rises by one with this kind; all others carry the version then in force. */
export function countsVersion(kind: EntryKind): boolean {
  return counting.has(kind);
}

/** Whether `rules_version` rises: what every process believes about parties, keys and law must be read again. */
export function movesRules(kind: EntryKind): boolean {
  return kind === 'registry.opened' || /^(regime|party|key|acts)\./.test(kind);
}

/** Whether `state_version` rises: a verdict after this entry may differ from one before it. */
export function movesState(kind: EntryKind): boolean {
  return countsVersion(kind) || movesRules(kind);
}

/**
 * Which acts count, as a function of the entries before: those of the founding, whose chain is pinned; of the later ones
 * those that a record of the clerk covers. Of an act that no record covers yet only what makes safer counts. A table is
 * never asked, so a row that somebody wrote changes nothing.
 */
import { commitmentOf, leafWith, saltOf } from '#libs/journal/commitment.js';
import { isEntryKind, type EntryKind } from '#libs/journal/entry.js';
import type { Instant } from '#libs/journal/instant.js';
import { leafHash } from '#libs/tlog/tree.js';
import { openRecord, type ActRecord } from './act-record.js';
import { chained, noActs } from './acts-digest.js';
import { changesRegistry, rowsOf } from './change.js';
import { ActRefused, type Body } from './members.js';
import { membersOfEveryAct } from './signed-act.js';
import { emptyRegistry, withRows, type PublicJwk, type Registry } from './registry.js';

/** What a process believes without being shown: said in its configuration. */
export interface ActPins {
  /** The chain after `registry.opened`, base64url. Without it the founding is believed as it is found. */
  readonly founding?: string;
  /** RFC 7638 thumbprint of the clerk's key for records. Without it the one that the founding published. */
  readonly kid?: string;
}

/** An entry about parties, keys, officials or law, or a record of the clerk that such entries were verified. */
export interface ActRow {
  readonly index: number;
  readonly kind: string;
  /** Registry time. */
  readonly at: Instant;
  /** The exact text; null when it was blanked. */
  readonly entry: string | null;
  readonly seed: Buffer | null;
}

/** An act as its entry says it. */
export interface ReadAct {
  readonly index: number;
  readonly at: number;
  readonly kind: EntryKind;
  /** All members of the entry. */
  readonly members: Body;
  /** Without those that every entry has and those about the officials' signatures. */
  readonly body: Body;
  readonly leafHash: Buffer;
}

export interface Belief {
  /** The chain over what is covered. */
  readonly digest: Buffer;
  /** The registry of the acts that count in full. */
  readonly covered: Registry;
  /** Acts that no record covers yet, in their order. */
  readonly pending: readonly ReadAct[];
  /** `covered` with what the pending ones make safer: what everything is decided by. */
  readonly registry: Registry;
  /** Client id → machine time at which a key or the party itself last ended: tokens from before count no more. */
  readonly endedAt: ReadonlyMap<string, number>;
  /** Whether a record of the clerk was seen. */
  readonly isRecorded: boolean;
  /** Acts that records say do not count, the newest. */
  readonly refused: readonly number[];
  /** What looked like a record and was none. */
  readonly faults: readonly string[];
}

export const noBelief: Belief = {
  digest: noActs,
  covered: emptyRegistry,
  pending: [],
  registry: emptyRegistry,
  endedAt: new Map(),
  isRecorded: false,
  refused: [],
  faults: [],
};

/** The entries are not those that this process was told to believe: nothing may be decided by them. */
export class NotBelieved extends Error {}

/**
 * The belief after one more entry.
 * @param offsetMs registry time minus machine time, now.
 * @throws NotBelieved when it was blanked, or opens another registry than the pinned one.
 */
export async function afterEntry(
  before: Belief,
  row: ActRow,
  pins: ActPins,
  offsetMs: number,
): Promise<Belief> {
  const act = readAct(row);
  if (act === undefined) return before;
  if (act.kind === 'acts.verified') return afterRecord(before, act, pins);
  if (!changesRegistry(act.kind)) return before;
  const endedAt = new Map(before.endedAt);
  const ended = endedBy(act);
  if (ended !== undefined) endedAt.set(ended, Math.max(act.at - offsetMs, endedAt.get(ended) ?? 0));
  if (before.covered.isOpen) {
    const pending = [...before.pending, act];
    return { ...before, endedAt, pending, registry: tightened(before.covered, pending) };
  }
  // Nobody can sign before the opening. What cannot be folded counts for nothing, as in every later act.
  const after = folded(before.covered, act);
  const digest = chained(before.digest, act.index, act.leafHash, after !== undefined);
  const covered = after ?? before.covered;
  if (covered.isOpen && pins.founding !== undefined && pins.founding !== digest.toString('base64url'))
    throw new NotBelieved('the founding acts are not those whose digest is pinned in the configuration');
  return { ...before, digest, covered, endedAt, registry: covered };
}

/** The chain and the registry when these acts are covered, those of `refused` not counting. */
export function withActs(
  { digest: before, covered }: Belief,
  acts: readonly ReadAct[],
  refused: readonly number[],
): Pick<Belief, 'digest' | 'covered'> {
  let [digest, registry] = [before, covered];
  for (const act of acts) {
    const counts = !refused.includes(act.index);
    digest = chained(digest, act.index, act.leafHash, counts);
    registry = (counts ? folded(registry, act) : undefined) ?? registry;
  }
  return { digest, covered: registry };
}

/** The registry after an act; undefined when it cannot be changed so. */
export function folded(registry: Registry, { index, at, kind, body }: ReadAct): Registry | undefined {
  try {
    // The log's name is part of the pinned founding, and no later act that is folded here depends on it.
    const place = { index, at, origin: String(body['origin']) };
    return withRows(registry, rowsOf(registry, { kind, body }, place), kind === 'registry.opened');
  } catch (error) {
    if (error instanceof ActRefused) return undefined;
    throw error;
  }
}

async function afterRecord(before: Belief, act: ReadAct, pins: ActPins): Promise<Belief> {
  const record = await openRecord(act.members['jws'], (kid) => recordKey(before, kid, act.at, pins));
  const acts = before.pending.filter(({ index }) => index <= (record?.through ?? -1));
  const after = record && withActs(before, acts, record.refused);
  if (!isOf(record, acts, after?.digest, before)) {
    const fault = `entry ${act.index} is no record of verified acts that the clerk's key has signed`;
    return { ...before, faults: [...before.faults, fault].slice(-10) };
  }
  if (after === undefined || acts.length === 0) return before;
  const pending = before.pending.slice(acts.length);
  const refused = [...before.refused, ...(record?.refused ?? [])].slice(-1000);
  const registry = tightened(after.covered, pending);
  return { ...before, ...after, pending, refused, registry, isRecorded: true };
}

/** A record that says again what is covered already is none too many: two clerks may have been at work. */
function isOf(
  record: ActRecord | undefined,
  acts: readonly ReadAct[],
  digest: Buffer | undefined,
  before: Belief,
): boolean {
  if (record === undefined || digest === undefined) return false;
  if (acts.length === 0) return before.covered.isOpen;
  return acts.at(-1)?.index === record.through && record.digest === digest.toString('base64url');
}

/** The key that may sign records under this name at `at`. */
function recordKey(
  { covered, pending }: Belief,
  kid: string,
  at: number,
  pins: ActPins,
): PublicJwk | undefined {
  const known = covered.signingKeys.get(kid);
  if (known !== undefined) {
    const lives =
      known.notBefore <= at && at < known.expiresAt && (known.retiredAt ?? known.revokedAt) === undefined;
    return known.purpose === 'registry' && lives ? known.jwk : undefined;
  }
  // A registry that was founded before there were records gets its first key by an act, which that key itself covers.
  if (kid !== pins.kid) return undefined;
  const published = pending.find(({ kind, body }) => kind === 'key.published' && body['kid'] === kid);
  return published?.body['jwk'] as PublicJwk | undefined;
}

/** What pending acts make safer; the rest of them waits. The clerk's own key is left out, or nobody could cover it. */
function tightened(covered: Registry, pending: readonly ReadAct[]): Registry {
  return pending
    .filter((act) => tightens(act, covered))
    .reduce((registry, act) => folded(registry, act) ?? registry, covered);
}

function tightens({ kind, body }: ReadAct, covered: Registry): boolean {
  if (kind === 'party.suspended') return Object.hasOwn(body, 'clientId');
  if (kind === 'party.key-changed') return Object.hasOwn(body, 'retired');
  if (kind !== 'key.retired' && kind !== 'key.compromised') return false;
  return covered.signingKeys.get(String(body['kid']))?.purpose !== 'registry';
}

/** The party of which something ended with this act. */
function endedBy({ kind, body }: ReadAct): string | undefined {
  const ends =
    (kind === 'party.suspended' && Object.hasOwn(body, 'clientId')) ||
    (kind === 'party.key-changed' && Object.hasOwn(body, 'retired'));
  return ends ? String(body['clientId']) : undefined;
}

function readAct({ index, at, kind, entry, seed }: ActRow): ReadAct | undefined {
  if (entry === null || seed === null) throw new NotBelieved(`entry ${index} was blanked`);
  if (!isEntryKind(kind)) return undefined;
  const members = JSON.parse(entry) as Body;
  // The kind that the entry says is hashed, the column's is not.
  if (members['kind'] !== kind) throw new NotBelieved(`entry ${index} is of another kind`);
  const body = Object.fromEntries(Object.entries(members).filter(([name]) => !membersOfEveryAct.has(name)));
  return { index, at, kind, members, body, leafHash: leafHash(leafWith(commitmentOf(entry, saltOf(seed)))) };
}

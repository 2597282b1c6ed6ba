/**
 * A refusal as entries and signatures give it, in the shape of a row: what the transitions decide on instead of the row,
 * which others may have written.
 */
import { countsVersion, isEntryKind } from '#libs/journal/entry.js';
import { uuidToId } from '#libs/journal/id.js';
import type { Instant } from '#libs/journal/instant.js';
import { membersOf, type StoredEntry } from '#libs/journal/proven-entry.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { VerifiedSigner } from '#libs/signature/verified-signer.js';
import type { OpenedAct, Stated } from './signed-act.js';
import { mustBeProven } from './unproven.js';

/** A signed lift that was borne out, with what follows from it. */
export interface ProvenLift extends Stated {
  readonly request: StoredEntry;
  readonly act: OpenedAct;
  readonly signer: VerifiedSigner;
  /** The longest lock that signed entries give; the document's own or a longer one. */
  readonly lockHours: number;
  readonly liftsAt: Instant;
  /** The person's entries about his refusal, in their order. */
  readonly history: readonly StoredEntry[];
}

const hourMs = 3_600_000;

/** The refusal of these entries with this lift pending. @throws Unproven `not-pending` when none before put it in force. */
export function pendingLift({ subject, placedAt }: Refusal, lift: ProvenLift): Refusal {
  const { request, lockHours, liftsAt, placeAgainAfterHours: again, history } = lift;
  const moved = history.findLast(
    ({ kind, index }) => index < request.index && isEntryKind(kind) && countsVersion(kind),
  );
  mustBeProven(moved !== undefined, 'not-pending');
  return {
    subject,
    state: 'lift-pending',
    version: versionOf(request),
    lockHours,
    ...(placedAt !== undefined && { placedAt }),
    liftRequestedAt: request.at,
    liftsAt,
    ...(again !== undefined && { placeAgainAfterHours: again, placedAgainAt: liftsAt + again * hourMs }),
    requestedBy: request.uuid,
    requestIndex: request.index,
    movedLeaf: moved.leafHash,
    entryIndex: request.index,
  };
}

/** Whether an entry after the request has ended it. Calling off needs no signature, because it can only make safer. */
export function isEnded({ request, history }: ProvenLift): boolean {
  return history.some(
    ({ kind, index }) => index > request.index && (kind === 'lift.cancelled' || kind === 'refusal.lifted'),
  );
}

/** What a return needs to know: its hour, its lock, and the request it rests on as entries name it. */
export interface DueReturn {
  readonly at: Instant;
  readonly lockHours: number;
  readonly requestedBy: string;
}

/** The return that a proven lift asks for; undefined when it asks for none. @param lifted the lift before it */
export function returnAfter(lifted: StoredEntry, lift: ProvenLift): DueReturn | undefined {
  const { placeAgainAfterHours: again, lockHours, request } = lift;
  if (again === undefined) return undefined;
  return { at: lifted.at + again * hourMs, lockHours, requestedBy: uuidToId('ent', request.uuid) };
}

/** The return that entries alone ask for, where no signature bears it out: it can only make safer. */
export function unsignedReturn({
  placedAgainAt: at,
  requestedBy,
  lockHours,
}: Refusal): DueReturn | undefined {
  if (at === undefined || requestedBy === undefined) return undefined;
  return { at, lockHours, requestedBy: uuidToId('ent', requestedBy) };
}

function versionOf(entry: StoredEntry): number {
  const version = membersOf(entry)?.['version'];
  mustBeProven(typeof version === 'number' && Number.isSafeInteger(version), 'entry-unreadable');
  return version;
}

/**
 * A correction, decided purely: a bureau says that the trace of a loan issued in breach is gone from the credit history.
 * It is recorded as it is said, and matched with the breach by a later release.
 */
import type { Draft } from '#libs/journal/act.js';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import type { Party } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';

/** Of which breach a bureau speaks. */
export interface CorrectionWant {
  readonly clientId: string;
  /** UUID; `brc_…` on the wire. */
  readonly breachUuid: string;
}

/** What a bureau says. */
export interface Said {
  /** When the trace was removed. */
  readonly removedAt: Instant;
  /** Number of the release certificate, when there is one. */
  readonly number?: string;
  /** The bureau's own number of the history. */
  readonly historyRef?: string;
}

/** A row of `corrections`. */
export interface Correction extends CorrectionWant, Said {
  readonly entryIndex: number;
  readonly entryUuid: string;
  /** Registry time of the entry. */
  readonly at: Instant;
}

/** Clocks of bureaus may be ahead of ours by so much. */
const skewMs = 60_000;

/** The name of a correction among rows in flight: of those of one bureau about one breach the newest counts. */
export function correctionName({ clientId, breachUuid }: CorrectionWant): string {
  return `${clientId}\n${breachUuid}`;
}

/**
 * The entry that a correction leaves; undefined when it was said already. However late it comes, it is recorded.
 * @param earlier what this bureau said last of this breach
 * @throws Problem `instant-in-future`
 */
export function correctionDraft(
  at: Instant,
  bureau: Pick<Party, 'clientId' | 'bin'>,
  { breachUuid }: CorrectionWant,
  said: Said,
  earlier: Said | undefined,
): Draft | undefined {
  const { removedAt, number, historyRef } = said;
  if (removedAt > at + skewMs)
    throw new Problem('instant-in-future', {
      errors: [{ pointer: '/removedAt', code: 'instant-in-future' }],
    });
  if (earlier?.removedAt === removedAt && earlier.number === number && earlier.historyRef === historyRef)
    return undefined;
  return {
    kind: 'correction.reported',
    party: bureau.clientId,
    body: {
      breachId: uuidToId('brc', breachUuid),
      bureau: bureau.bin,
      removedAt: formatInstant(removedAt),
      ...(number !== undefined && { number }),
      ...(historyRef !== undefined && { historyRef }),
    },
  };
}

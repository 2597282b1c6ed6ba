/** A bureau's statement that a refusal or a lift is on the credit history, and what the person is told of it. */

import type { SubjectKey } from '#libs/subject/subject.js';

/** The newest statement about an item; instants in ms of registry time. */
export interface StampSaid {
  readonly state: 'stamped' | 'lost';
  readonly at: number;
  readonly recordedAt?: number;
  readonly historyRef?: string;
}

/** An item by its entry, as one bureau may speak of it. */
export interface StampWant {
  readonly clientId: string;
  readonly entryUuid: string;
}

/** An item of the bureau's stream; `said` with the entry that says it once it was written. */
export interface StampedItem extends StampWant {
  readonly seq: number;
  readonly itemAt: number;
  readonly subject: SubjectKey | undefined;
  readonly said?: StampSaid;
  readonly entryIndex?: number;
}

/** One bureau and one item of the feed. */
export interface BureauStamp {
  /** Client id. */
  readonly bureau: string;
  /** When the item was committed. */
  readonly itemAt: number;
  readonly said?: StampSaid;
}

export interface StampShown {
  readonly bureau: string;
  readonly state: 'waiting' | 'stamped' | 'overdue';
  /** As the bureau says. */
  readonly stampedAt?: number;
}

/**
 * What the person is shown. A bureau has its time from the item on, or from the moment its stamp was found lost.
 * @param withinMs what the regime allows a bureau
 */
export function stampShown({ bureau, itemAt, said }: BureauStamp, now: number, withinMs: number): StampShown {
  if (said?.state === 'stamped')
    return { bureau, state: 'stamped', ...(said.recordedAt !== undefined && { stampedAt: said.recordedAt }) };
  return { bureau, state: now > (said?.at ?? itemAt) + withinMs ? 'overdue' : 'waiting' };
}

/** Two statements of the same, so that the second leaves no entry. */
export function saysTheSame(
  said: StampSaid | undefined,
  { recordedAt, historyRef }: Pick<StampSaid, 'recordedAt' | 'historyRef'>,
): boolean {
  return said?.state === 'stamped' && said.recordedAt === recordedAt && said.historyRef === historyRef;
}

/** The name of an item of one bureau, for maps. */
export function stampName({ clientId, entryUuid }: StampWant): string {
  return `${clientId} ${entryUuid}`;
}

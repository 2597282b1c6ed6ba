/** Stamps, decided purely: which of them say something new, and what is wrong with the others. */
import type { Draft } from '#libs/journal/act.js';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { ProblemCode } from '#libs/problem/catalogue.js';
import type { Party } from '#libs/party/party.js';
import { saysTheSame, type StampedItem } from '#libs/refusal/stamp.js';
import { twelves } from '#libs/subject/holds-iin.js';
import { isIin } from '#libs/subject/iin.js';
import { subjectOf, type LookupKeys } from '#libs/subject/subject.js';

/** A stamp that names an item of the bureau's own stream. */
export interface Stamp {
  readonly entryUuid: string;
  /** ms */
  readonly recordedAt: number;
  readonly historyRef?: string;
}

export interface Stamping {
  readonly draft: Draft;
  /** The row but for its entry. */
  readonly item: StampedItem;
}

/** How far the clocks of a bureau and the registry may differ. */
const skewMs = 60_000;

/**
 * What a stamp comes to; undefined when it was said already.
 * @param item what it names, as the look found it
 */
export function stampingOf(
  stamp: Stamp,
  item: StampedItem | undefined,
  bureau: Pick<Party, 'clientId' | 'bin'>,
  at: number,
  keys: LookupKeys,
): Stamping | ProblemCode | undefined {
  if (item === undefined) return 'set-unknown';
  const { recordedAt, historyRef } = stamp;
  if (recordedAt < item.itemAt - skewMs || recordedAt > at + skewMs) return 'recorded-at-implausible';
  if (historyRef !== undefined && holdsIinOf(historyRef, item, keys)) return 'reference-holds-iin';
  if (saysTheSame(item.said, stamp)) return undefined;
  return {
    draft: {
      kind: 'refusal.stamped',
      ...(item.subject && { follows: item.subject }),
      party: bureau.clientId,
      body: {
        about: uuidToId('ent', item.entryUuid),
        bureau: bureau.bin,
        recordedAt: formatInstant(recordedAt),
        ...(historyRef !== undefined && { historyRef }),
      },
    },
    item: {
      ...item,
      said: { state: 'stamped', at, recordedAt, ...(historyRef !== undefined && { historyRef }) },
    },
  };
}

/** The entry that says a stamp is gone; undefined when there was none, or it is known to be gone. */
export function lossOf(
  item: StampedItem | undefined,
  bureau: Pick<Party, 'clientId' | 'bin'>,
  { at, atSeq }: { readonly at: number; readonly atSeq: number },
): Stamping | undefined {
  if (item?.said?.state !== 'stamped') return undefined;
  return {
    draft: {
      kind: 'stamp.lost',
      ...(item.subject && { follows: item.subject }),
      party: bureau.clientId,
      body: { about: uuidToId('ent', item.entryUuid), bureau: bureau.bin, atSeq },
    },
    item: { ...item, said: { state: 'lost', at } },
  };
}

/** Whether the reference holds the number of this very person: entries stay for good and hold no IIN. */
function holdsIinOf(text: string, { subject }: StampedItem, keys: LookupKeys): boolean {
  const key = subject && keys.get(subject.epoch);
  if (subject === undefined || key === undefined) return false;
  return twelves(text).some(
    (twelve) => isIin(twelve) && subjectOf(key, subject.epoch, twelve).bytes.equals(subject.bytes),
  );
}

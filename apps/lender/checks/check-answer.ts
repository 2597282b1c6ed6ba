/** What a lender is answered: nothing that the entry in its receipt does not say. */
import type { Draft } from '#libs/journal/act.js';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import type { Receipt } from '#libs/journal/receipt.js';
import type { Check } from '#libs/check/check.js';
import type { Verdict } from '#libs/refusal/verdict.js';

export interface CheckAnswer {
  readonly checkId: string;
  readonly verdict: Verdict;
  /** The instant the answer is about: that of its entry. */
  readonly asOf: string;
  /** Absent when refused. */
  readonly validUntil?: string;
  readonly receipt: Receipt;
}

/** A check in a list. */
export interface CheckItem extends Omit<CheckAnswer, 'receipt'> {
  readonly product: string;
  readonly stage: string;
  readonly loanRef: string;
}

export interface CheckPage {
  readonly items: readonly CheckItem[];
  readonly next: string | null;
}

/**
 * The JSON of an answer ends in spaces: "refused" and "clear", with whatever version of the refusal, are answers of one
 * length, because the length of what is encrypted can be seen on the wire.
 */
const spaces = Array.from({ length: 128 }, (_, length) => ' '.repeat(length));
/** `,"validUntil":"2026-11-23T01:40:00.123Z"`, which a refused check has not; inside of the entry its quotes are escaped. */
const validUntilLength = 40;
const escapesLength = 4;
const verdictLength = 'refused'.length - 'clear'.length;
const longestVersion = 10;

/** What an answer with a receipt lacks to the longest one; the entry in it says verdict, validity and version, too. */
function padded(json: string, verdict: unknown, version: number): string {
  const lacks = verdict === 'refused' ? 2 * (validUntilLength - verdictLength) + escapesLength : 0;
  return json + (spaces[lacks + longestVersion - String(version).length] ?? '');
}

/** The JSON of the answer that goes with the receipt of a `check.made`. @param ref of the item, in a batch */
export function answerOf(receipt: Receipt, ref?: { readonly ref: string | null }): string {
  const entry = JSON.parse(receipt.entry) as {
    readonly version: number;
    readonly checkId: string;
    readonly at: string;
    readonly verdict: Verdict;
    readonly validUntil?: string;
  };
  const { checkId, verdict, at: asOf, validUntil, version } = entry;
  const answer: CheckAnswer = {
    ...{ checkId, verdict, asOf },
    ...(validUntil !== undefined && { validUntil }),
    receipt,
  };
  return padded(JSON.stringify({ ...ref, ...answer }), verdict, version);
}

/** The JSON of the same for a check that was just made, without reading its entry again. */
export function newAnswer({ body, person }: Draft, at: Instant, receipt: Receipt): string {
  const { checkId, verdict, validUntil } = body;
  const json = JSON.stringify({ checkId, verdict, asOf: formatInstant(at), validUntil, receipt });
  return padded(json, verdict, person?.version ?? 0);
}

/** The JSON of a page, each item of one length as well. */
export function pageText({ items, next }: CheckPage): string {
  const texts = items.map((item) => {
    const lacks = item.validUntil === undefined ? validUntilLength - verdictLength : 0;
    return JSON.stringify(item) + (spaces[lacks] ?? '');
  });
  return `{"items":[${texts.join(',')}],"next":${JSON.stringify(next)}}`;
}

/** A check as a list shows it. */
export function itemOf({
  uuid,
  product,
  stage,
  loanRef,
  verdict,
  at,
  validUntil,
}: Omit<Check, 'subject'>): CheckItem {
  return {
    checkId: uuidToId('chk', uuid),
    product,
    stage,
    loanRef,
    verdict,
    asOf: formatInstant(at),
    ...(validUntil !== undefined && { validUntil: formatInstant(validUntil) }),
  };
}

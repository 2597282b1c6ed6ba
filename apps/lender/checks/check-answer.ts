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

/** The answer that goes with the receipt of a `check.made`. */
export function answerOf(receipt: Receipt): CheckAnswer {
  const entry = JSON.parse(receipt.entry) as {
    readonly checkId: string;
    readonly at: string;
    readonly verdict: Verdict;
    readonly validUntil?: string;
  };
  return {
    checkId: entry.checkId,
    verdict: entry.verdict,
    asOf: entry.at,
    ...(entry.validUntil !== undefined && { validUntil: entry.validUntil }),
    receipt,
  };
}

/** The JSON of the same for a check that was just made, without reading its entry again. */
export function newAnswer(
  { checkId, verdict, validUntil }: Draft['body'],
  at: Instant,
  receipt: Receipt,
): string {
  return JSON.stringify({ checkId, verdict, asOf: formatInstant(at), validUntil, receipt });
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

/**
 * The client's duty as a function: lend only on `verdict === "clear"` in a receipt that verifies, whose person, stage and
 * `loanRef` are your own, before `validUntil`, replayed or not. Whatever cannot be made out is a reason not to lend.
 */
import { verify, type Question as Evidence } from '../../verify/verify.js';
import type { components } from './lender-api.js';

export type Question = components['schemas']['CheckRequest'];
export type Answer = components['schemas']['CheckAnswerDto'];

/** Whom you believe, who you are, and what time it is. */
export interface Trust {
  /** `/.well-known/jwks.json` of the log. */
  readonly jwks: NonNullable<Evidence['jwks']>;
  /** Your own BIN. */
  readonly bin: string;
  /** Milliseconds since 1970, by a clock that you keep right. */
  readonly now: number;
}

export type Reason =
  | 'refused'
  | 'no-answer'
  | 'no-question'
  | 'no-receipt'
  | 'receipt-not-valid'
  | 'another-person'
  | 'another-lender'
  | 'another-stage'
  | 'another-loan'
  | 'not-a-check'
  | 'verdict-unknown'
  | 'answer-differs-from-receipt'
  | 'no-validity'
  | 'expired'
  | 'clock-behind';

/** A receipt this far ahead of your clock says that your clock would let you lend too long. */
const toleratedMs = 2000;

/** Whether you may lend at this instant. Ask again when the money moves: the answer ends with `validUntil`. */
export function lendable(answer: unknown, question: Question, trust: Trust): boolean {
  return whyNot(answer, question, trust) === undefined;
}

/** Why you must not lend, or undefined when you may. Never throws. */
export function whyNot(answer: unknown, question: Question, trust: Trust): Reason | undefined {
  try {
    return reason(answer, question, trust);
  } catch (error) {
    return error instanceof Error && error.message === 'another person'
      ? 'another-person'
      : 'receipt-not-valid';
  }
}

function reason(answer: unknown, question: Question, { jwks, bin, now }: Trust): Reason | undefined {
  // Without an IIN the receipt would be verified for nobody in particular.
  if (!/^\d{12}$/.test(question.iin) || !question.loanRef || !Number.isFinite(now)) return 'no-question';
  if (!isObject(answer)) return 'no-answer';
  if (answer['verdict'] === 'refused') return 'refused';
  if (answer['verdict'] !== 'clear') return 'verdict-unknown';
  const { receipt } = answer;
  if (!isObject(receipt)) return 'no-receipt';

  const evidence = { receipt, jwks, iin: question.iin, now: Math.floor(now / 1000) };
  const entry = JSON.parse(verify(evidence).entry) as Readonly<Record<string, unknown>>;
  if (entry['kind'] !== 'check.made') return 'not-a-check';
  if (entry['lender'] !== bin) return 'another-lender';
  if (entry['stage'] !== question.stage) return 'another-stage';
  if (entry['loanRef'] !== question.loanRef) return 'another-loan';
  // What counts is the receipt; an answer that says something else was altered on its way.
  const isSame = ['verdict', 'validUntil', 'checkId'].every((name) => answer[name] === entry[name]);
  if (entry['verdict'] !== 'clear' || !isSame) return 'answer-differs-from-receipt';

  const [at, validUntil] = [Date.parse(String(entry['at'])), Date.parse(String(entry['validUntil']))];
  if (!Number.isFinite(at) || !Number.isFinite(validUntil)) return 'no-validity';
  if (now + toleratedMs < at) return 'clock-behind';
  return now < validUntil ? undefined : 'expired';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

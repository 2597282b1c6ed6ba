/** What a lender is told: a function of the entries before the question and of nothing else. */
import { isInForce, type Refusal } from './refusal.js';

export type Verdict = 'refused' | 'clear';

/** @param refusal the person's refusal, or undefined when there never was one: never "unknown". */
export function verdictOf(refusal: Pick<Refusal, 'state'> | undefined): Verdict {
  return isInForce(refusal) ? 'refused' : 'clear';
}

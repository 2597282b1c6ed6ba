/**
 * Whether a receipt holds and states what was expected. Yes only when every part does: a receipt that holds inside an
 * answer that says otherwise is a no.
 */
import { ReceiptError } from '#libs/journal/receipt-error.js';
import type { JwksWithKinds } from '#libs/journal/verify-head.js';
import { verifyReceipt, type Expectations, type VerifiedReceipt } from '#libs/journal/verify-receipt.js';
import { differing, questionOf, readJson, type Expected } from './question.js';

export type Outcome =
  | { readonly valid: true; readonly receipt: VerifiedReceipt }
  /** A code of ReceiptError, `answer-differs` or `expectation-differs`. */
  | { readonly valid: false; readonly code: string; readonly reason: string };

/**
 * @param text JSON of a receipt, or of an answer that carries one
 * @param members what the entry must state
 */
export async function outcomeOf(
  text: string,
  jwks: JwksWithKinds,
  expectations: Expectations,
  members: readonly Expected[],
): Promise<Outcome> {
  const { receipt, claims } = answerOf(text);
  const verified = await tryVerify(receipt, jwks, expectations);
  if (verified instanceof ReceiptError) return no(verified.code, verified.message);
  const claimed = differing(verified.entry, claims).join(', ');
  if (claimed !== '')
    return no('answer-differs', `The answer says otherwise than its receipt about: ${claimed}.`);
  const missed = differing(verified.entry, members).join(', ');
  if (missed !== '')
    return no('expectation-differs', `The entry does not state what was expected of: ${missed}.`);
  return { valid: true, receipt: verified };
}

/** The receipt in a text, and what the answer around it claims. */
export function answerOf(text: string): ReturnType<typeof questionOf> {
  return questionOf(readJson(text));
}

async function tryVerify(
  receipt: unknown,
  jwks: JwksWithKinds,
  expectations: Expectations,
): Promise<VerifiedReceipt | ReceiptError> {
  try {
    return await verifyReceipt(receipt, jwks, expectations);
  } catch (error) {
    if (error instanceof ReceiptError) return error;
    throw error;
  }
}

function no(code: string, reason: string): Outcome {
  return { valid: false, code, reason };
}

/** A report of a loan as it came and as it is answered: the same for a lender's own and for a bureau's about a lender. */
import type { Question } from '#libs/check/check.js';
import { idToUuid, uuidToId } from '#libs/journal/id.js';
import { Problem, type ProblemPointer } from '#libs/problem/problem.js';
import { parseIin, type Iin } from '#libs/subject/iin.js';
import type { Terms } from './loan.js';

/** The members of a body whose shape was judged. */
export interface PostedLoan {
  readonly contractNumber: string;
  readonly iin: string;
  readonly product: Question['product'];
  readonly circumstance?: NonNullable<Question['circumstance']>;
  readonly amount: { readonly value: string };
  readonly signedAt: string;
  readonly disbursedAt?: string;
  readonly disbursedOn?: string;
  readonly paymentReference?: string;
  readonly checkId?: string;
}

/** The same with its texts read. */
export interface Report extends Terms {
  readonly contractNumber: string;
  readonly iin: Iin;
}

/** Findings are those of a later release, which matches loans with refusals and checks. */
export interface LoanAnswer {
  readonly loanId: string;
  readonly findings: readonly never[];
}

/** @throws Problem `request-malformed` unless exactly one of instant and day says when it was paid out. */
export function reportOf(posted: PostedLoan): Report {
  const { iin, amount, signedAt, disbursedAt, disbursedOn, checkId, ...rest } = posted;
  const wrong = (error: ProblemPointer) => new Problem('request-malformed', { errors: [error] });
  if (disbursedAt === undefined && disbursedOn === undefined)
    throw wrong({ pointer: '/disbursedAt', code: 'member-missing' });
  if (disbursedAt !== undefined && disbursedOn !== undefined)
    throw wrong({ pointer: '/disbursedOn', code: 'member-excluded' });
  return {
    ...rest,
    iin: parseIin(iin),
    amount: amount.value,
    signedAt: Date.parse(signedAt),
    ...(disbursedAt !== undefined && { disbursedAt: Date.parse(disbursedAt) }),
    ...(disbursedOn !== undefined && { disbursedOn }),
    ...(checkId !== undefined && { checkUuid: idToUuid('chk', checkId) }),
  };
}

/** The answer to a report. */
export function answerOf(loanUuid: string): LoanAnswer {
  return { loanId: uuidToId('lon', loanUuid), findings: [] };
}

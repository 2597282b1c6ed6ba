/**
 * Who is told that a refusal was placed: every lender with an application in flight, which is a clear check about that
 * person inside its `noticeWindow` and no loan reported for it since; nobody else, because to a stranger it would be
 * news about a person. One notice an application (lender and loanRef), naming its newest clear check.
 */
import type { Instant } from '#libs/journal/instant.js';

/** A clear check about the person from before the placing. */
export interface ClearCheck {
  readonly lender: string;
  readonly loanRef: string;
  readonly checkUuid: string;
  readonly at: Instant;
}

/** A loan of the person as last reported before the placing; `loanRef` is that of the check it names. */
export interface ReportedLoan {
  readonly lender: string;
  readonly at: Instant;
  readonly loanRef: string | null;
}

const dayMs = 86_400_000;

/**
 * The applications in flight, in the order of their checks.
 * @param daysOf `noticeWindow` of a lender
 */
export function applicationsInFlight(
  placedAt: Instant,
  checks: readonly ClearCheck[],
  loans: readonly ReportedLoan[],
  daysOf: (lender: string) => number,
): readonly ClearCheck[] {
  const newest = new Map<string, ClearCheck>();
  for (const check of checks) {
    const name = JSON.stringify([check.lender, check.loanRef]);
    const known = newest.get(name);
    if (known === undefined || known.at <= check.at) newest.set(name, check);
  }
  const open = [...newest.values()].filter(
    ({ lender, loanRef, at }) =>
      at >= placedAt - daysOf(lender) * dayMs &&
      !loans.some((loan) => loan.lender === lender && loan.loanRef === loanRef && loan.at >= at),
  );
  return open.filter(({ lender, at }) => {
    // A loan that names no check is of one application, and nobody can say of which: only when there are as many as
    // applications does each have its loan. A notice too many costs a lender nothing, one too few a person his money.
    const unnamed = loans.filter(
      (loan) => loan.lender === lender && loan.loanRef === null && loan.at >= at,
    ).length;
    return unnamed < open.filter((other) => other.lender === lender).length;
  });
}

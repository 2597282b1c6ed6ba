/** What a lender is answered about its loans: what it said itself, and never the person. */
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import { spelled, type LoanReport, type SpelledTerms } from '#libs/loan/loan.js';

/** Findings are those of a later release, which matches loans with refusals and checks. */
export interface LoanAnswer {
  readonly loanId: string;
  readonly findings: readonly never[];
}

/** A loan in a list, as last reported. */
export interface LoanItem extends LoanAnswer, SpelledTerms {
  readonly contractNumber: string;
}

export interface LoanPage {
  readonly items: readonly LoanItem[];
  readonly next: string | null;
}

/** A loan with what was reported of it before. */
export interface LoanView extends LoanItem {
  readonly reportedAt: string;
  readonly amendments: readonly {
    readonly at: string;
    readonly before: SpelledTerms;
    readonly isOtherPerson: boolean;
  }[];
}

/** The answer to a report. */
export function answerOf(loanUuid: string): LoanAnswer {
  return { loanId: uuidToId('lon', loanUuid), findings: [] };
}

/** A loan as a list shows it. */
export function itemOf(report: LoanReport): LoanItem {
  return { ...answerOf(report.loanUuid), contractNumber: report.contractNumber, ...spelled(report) };
}

/** @param reports every report of one loan, oldest first */
export function viewOf([first, ...others]: readonly [LoanReport, ...LoanReport[]]): LoanView {
  const reports = [first, ...others];
  const amendments = others.map((report, place) => {
    const before = reports[place] ?? first;
    return {
      at: formatInstant(report.at),
      before: spelled(before),
      isOtherPerson: before.personId !== report.personId,
    };
  });
  const newest = others.at(-1) ?? first;
  return { ...itemOf(newest), reportedAt: formatInstant(first.at), amendments };
}

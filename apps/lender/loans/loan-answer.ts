/** What a lender is answered about its loans: what it said itself, and never the person. */
import { formatInstant } from '#libs/journal/instant.js';
import { spelled, type OpenedReport, type SpelledTerms } from '#libs/loan/loan.js';
import { answerOf, type LoanAnswer } from '#libs/loan/report.js';

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

/** A loan as a list shows it. */
export function itemOf(report: OpenedReport): LoanItem {
  return { ...answerOf(report.loanUuid), contractNumber: report.contractNumber, ...spelled(report) };
}

/** @param reports every report of one loan, oldest first */
export function viewOf([first, ...others]: readonly [OpenedReport, ...OpenedReport[]]): LoanView {
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

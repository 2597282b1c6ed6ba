/**
 * A loan as its lender reports it: recorded as it is said, because nothing is refused for being bad news. One contract
 * is one loan; what is reported of it anew and differs is an amendment, and every report stays readable.
 */
import assert from 'node:assert/strict';
import type { Question } from '#libs/check/check.js';
import type { Draft, Made } from '#libs/journal/act.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { Problem, type ProblemPointer } from '#libs/problem/problem.js';
import type { Random, SealingKey } from '#libs/subject/seal.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';
import { legalDayOf } from './legal-day.js';
import {
  commitTo,
  openNumbers,
  sealNumbers,
  unwrapSecret,
  wrapSecret,
  type Committed,
  type ContractMac,
  type OwnNumbers,
} from './own-numbers.js';

/** What a lender says of a loan. Instants in milliseconds. */
export interface Terms {
  readonly product: Question['product'];
  readonly circumstance?: NonNullable<Question['circumstance']>;
  /** Tenge, `1500000.00`. */
  readonly amount: string;
  readonly signedAt: Instant;
  /** When the payment instruction became irrevocable, or else the day of it, `yyyy-mm-dd`. */
  readonly disbursedAt?: Instant;
  readonly disbursedOn?: string;
  readonly paymentReference?: string;
  /** UUID of a check of the same lender. */
  readonly checkUuid?: string;
}

/** The same as texts. */
export interface SpelledTerms {
  readonly product: string;
  readonly circumstance?: string;
  readonly amount: { readonly value: string; readonly currency: 'KZT' };
  readonly signedAt: string;
  readonly disbursedAt?: string;
  readonly disbursedOn?: string;
  readonly paymentReference?: string;
  readonly checkId?: string;
}

/** Which contract. */
export interface Contract {
  /** Client id of who reports. */
  readonly party: string;
  readonly lenderBin: string;
  readonly contractNumber: string;
  /** Of the bureau, when it is one that reports; entries then name it beside the lender. */
  readonly bureauBin?: string;
}

/** One report of a loan as its tables keep it. */
export interface LoanReport extends Omit<Contract, keyof OwnNumbers>, Omit<Terms, keyof OwnNumbers> {
  readonly loanUuid: string;
  readonly mac: ContractMac;
  /** Of the contract, wrapped. */
  readonly secret: Buffer;
  /** Sealed. */
  readonly ownNumbers: Buffer;
  readonly entryIndex: number;
  /** UUID of the loan.reported entry that amendments follow up. */
  readonly about: string;
  readonly personId: string;
  readonly subject: SubjectKey;
  /** Registry time of the report. */
  readonly at: Instant;
}

/** The same with its own numbers opened. */
export type OpenedReport = LoanReport & OwnNumbers;

/** What seals the numbers of a report. */
export interface Sealing {
  readonly identity: SealingKey;
  /** Of the contract, in the newest epoch. */
  readonly mac: ContractMac;
  readonly random: Random;
}

/** Whom a loan was given to, as the Journal knows him. */
export interface Borrower {
  readonly personId: string;
  readonly subject: SubjectKey;
  readonly iin: string;
  /** Refusal version then in force. */
  readonly version: number;
}

/** What a report comes to: nothing when it says what was said before. */
export interface Reported {
  readonly loanUuid: string;
  readonly entries: readonly Draft[];
  /** The newest report, once its entries are made. */
  row(made: readonly Made[]): LoanReport;
}

/** Clocks of lenders may be ahead of ours by so much. */
const skewMs = 30_000;

/** @throws when the identity key is another than at its sealing */
export function openReport(identity: SealingKey, report: LoanReport): OpenedReport {
  const secret = unwrapSecret(identity, report.loanUuid, report.secret);
  return { ...report, ...openNumbers(secret, report, report.ownNumbers) };
}

/** @throws Problem `instant-in-future` naming each member that has not happened yet. */
export function assertHappened({ signedAt, disbursedAt, disbursedOn }: Terms, at: Instant): void {
  const latest = at + skewMs;
  const errors: ProblemPointer[] = [
    ...(signedAt > latest ? ['/signedAt'] : []),
    ...(disbursedAt !== undefined && disbursedAt > latest ? ['/disbursedAt'] : []),
    ...(disbursedOn !== undefined && disbursedOn > legalDayOf(latest) ? ['/disbursedOn'] : []),
  ].map((pointer) => ({ pointer, code: 'instant-in-future' }));
  if (errors.length > 0) throw new Problem('instant-in-future', { errors });
}

/**
 * Decides what a report leaves. Another person under the same contract is an amendment, which says so, and a
 * `loan.reported` about him, because only an entry about a person stands in his trail.
 * @param earlier the newest report of this contract
 */
export function reportLoan(
  at: Instant,
  contract: Contract,
  terms: Terms,
  borrower: Borrower,
  { earlier, identity, mac, random }: Sealing & { readonly earlier: LoanReport | undefined },
): Reported {
  const loanUuid = earlier?.loanUuid ?? newUuid(at);
  const secret = earlier === undefined ? random(32) : unwrapSecret(identity, loanUuid, earlier.secret);
  const { contractNumber, ...contractRow } = contract;
  const { paymentReference, ...termsRow } = terms;
  const numbers = { contractNumber, ...(paymentReference !== undefined && { paymentReference }) };
  const committed = commitTo(secret, numbers);
  const said = {
    loanId: uuidToId('lon', loanUuid),
    lender: contract.lenderBin,
    ...(contract.bureauBin !== undefined && { bureau: contract.bureauBin }),
    contract: committed.contract,
  };
  const { personId, subject, iin, version } = borrower;
  const party = contract.party;
  const reported: Draft = {
    ...{ kind: 'loan.reported', party, person: { subject, iin, version } },
    body: { ...said, ...committedTerms(terms, committed) },
  };
  const amended = (body: object): Draft => ({
    ...{ kind: 'loan.amended', party },
    body: { ...said, about: uuidToId('ent', earlier?.about ?? ''), ...body },
  });
  // A person whose row did not open has two, under one pseudonym.
  const isSamePerson =
    earlier !== undefined &&
    (earlier.personId === personId || subjectText(earlier.subject) === subjectText(subject));
  const entries =
    earlier === undefined
      ? [reported]
      : !isSamePerson
        ? [amended({ reportedAnew: true }), reported]
        : isSameTerms(openReport(identity, earlier), terms)
          ? []
          : [amended(committedTerms(terms, committed))];
  return {
    loanUuid,
    entries,
    row: (made) => {
      const last = made.at(-1);
      assert(last !== undefined);
      const about = last.kind === 'loan.reported' ? last.uuid : earlier?.about;
      assert(about !== undefined);
      const place = { loanUuid, entryIndex: last.index };
      return {
        ...contractRow,
        ...termsRow,
        ...place,
        ...{ about, personId, subject, at },
        mac: earlier?.mac ?? mac,
        secret: earlier?.secret ?? wrapSecret(identity, loanUuid, secret, random),
        ownNumbers: sealNumbers(secret, place, numbers, random),
      };
    },
  };
}

/** The terms as answers spell them; absent ones are left out. */
export function spelled(terms: Terms): SpelledTerms {
  const { product, circumstance, amount, signedAt, disbursedAt, disbursedOn, paymentReference, checkUuid } =
    terms;
  return {
    product,
    ...(circumstance !== undefined && { circumstance }),
    amount: { value: amount, currency: 'KZT' },
    signedAt: formatInstant(signedAt),
    ...(disbursedAt !== undefined && { disbursedAt: formatInstant(disbursedAt) }),
    ...(disbursedOn !== undefined && { disbursedOn }),
    ...(paymentReference !== undefined && { paymentReference }),
    ...(checkUuid !== undefined && { checkId: uuidToId('chk', checkUuid) }),
  };
}

/** The terms as entries spell them. */
function committedTerms({ paymentReference: _, ...terms }: Terms, { payment }: Committed): object {
  return { ...spelled(terms), ...(payment !== undefined && { payment }) };
}

/** Whether two reports say the same of one loan. */
function isSameTerms(one: Terms, other: Terms): boolean {
  return JSON.stringify(spelled(one)) === JSON.stringify(spelled(other));
}

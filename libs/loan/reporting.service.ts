/** Reporting a loan, whoever reports it: once a contract and party, whoever else reports it at the same moment. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Act, Table } from '#libs/journal/act.js';
import { keepKey, type idempotencyTable, type IdempotencyWant } from '#libs/journal/idempotency.store.js';
import { idempotent, keptKey } from '#libs/journal/idempotent.service.js';
import type { Instant } from '#libs/journal/instant.js';
import type { Journal } from '#libs/journal/journal.service.js';
import type { Lane } from '#libs/journal/lanes.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { Rules } from '#libs/refusal/rules.js';
import { newPerson, type Person } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import type { borrowersTable } from './borrowers.store.js';
import { assertHappened, reportLoan, type Contract } from './loan.js';
import type { contractsTable, loansTable } from './loans.store.js';
import { contractMacs, macText, type ContractMac } from './own-numbers.js';
import type { Report } from './report.js';

/** The tables that every app which takes reports has. */
interface LoanTables {
  readonly refusals: Table<SubjectKey, Refusal>;
  readonly people: typeof borrowersTable;
  readonly contracts: typeof contractsTable;
  readonly loans: typeof loansTable;
  readonly idempotency: typeof idempotencyTable;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the others of the app, as in `Tables`
  readonly [others: string]: Table<any, any>;
}

export interface ReportCall {
  readonly contract: Contract;
  readonly report: Report;
  readonly want: IdempotencyWant;
  readonly bodyHmac: Buffer;
  /** @throws Problem when the party may not report now, by the rules of the batch */
  permit(rules: Rules, at: Instant): void;
}

/** `recorded`: there is an entry; else it had been said before. `replay`: the same key, with what it came to. */
export interface ReportOutcome {
  readonly loanUuid: string;
  readonly isRecorded: boolean;
  readonly isReplay: boolean;
}

export interface Reporting {
  readonly journal: Pick<Journal<LoanTables, Rules>, 'submit' | 'registryNow'>;
  readonly dataSource: DataSource;
  readonly keys: LookupKeys;
  /** Wraps the data key of somebody never seen before. */
  readonly identity: SealingKey;
}

/**
 * Records a loan, an amendment of one, or nothing when it says what was said before.
 * @throws Problem `instant-in-future`, `idempotency-key-reused`, `registry-unavailable`, and what `permit` throws
 */
export async function report(
  { journal, dataSource, keys, identity }: Reporting,
  call: ReportCall,
  lane: Lane,
): Promise<ReportOutcome> {
  const subjects = subjectsOf(keys, call.report.iin);
  const stranger = strangerOf(identity, subjects, call.report);
  const macs = contractMacs(keys, call.contract);
  const outcome = await journal.submit(reportAct(call, { subjects, stranger, macs, identity }), lane);
  const { loanUuid, isRecorded, isReplay } = outcome;
  if (!isRecorded && !isReplay)
    // It left no entry and therefore no row, but a 2xx answer is kept all the same.
    await keepKey(
      dataSource.manager,
      keptKey({ ...call.want, bodyHmac: call.bodyHmac }, journal.registryNow(), { resource: loanUuid }),
    );
  return outcome;
}

/** What an act is prepared with, outside the lock. */
interface Prepared {
  readonly subjects: readonly SubjectKey[];
  readonly stranger: Person;
  readonly macs: readonly [ContractMac, ...ContractMac[]];
  readonly identity: SealingKey;
}

function reportAct(
  { contract, report: { iin, contractNumber: _, ...terms }, want, bodyHmac, permit }: ReportCall,
  { subjects, stranger, macs, identity }: Prepared,
): Act<LoanTables, Rules, ReportOutcome> {
  const { party, lenderBin } = contract;
  const contracts = macs.map((mac) => ({ party, lenderBin, mac }));
  const request = { ...want, bodyHmac };
  return idempotent<LoanTables, Rules, ReportOutcome, unknown>(request, {
    look: { refusals: subjects, people: subjects, contracts },
    permit: (seen) => permit(seen.rules, seen.at),
    replayed: ({ resource: loanUuid, entryIndex }) => {
      assert(loanUuid !== undefined);
      return { loanUuid, isRecorded: entryIndex !== undefined, isReplay: true };
    },
    decide: (seen) => {
      assertHappened(terms, seen.at);
      const names = subjects.map(subjectText);
      const refusal = firstOf(names, (name) => seen.find('refusals', name));
      const known = firstOf(names, (name) => seen.find('people', name));
      const person = known ?? stranger;
      const borrower = {
        ...{ personId: person.personId, iin, version: refusal?.version ?? 0 },
        subject: refusal?.subject ?? person.subject,
      };
      const earlier = firstOf(macs.map(macText), (name) => seen.find('contracts', name));
      const sealing = { earlier, identity, mac: macs[0], random: randomBytes };
      const reported = reportLoan(seen.at, contract, terms, borrower, sealing);
      const { loanUuid, entries } = reported;
      if (entries.length === 0)
        return { entries, answer: () => ({ loanUuid, isRecorded: false, isReplay: false }) };
      return {
        entries,
        rows: (made) => {
          const row = reported.row(made);
          const kept = { resource: loanUuid, entryIndex: row.entryIndex };
          return {
            ...(known === undefined && { people: [stranger] }),
            ...{ loans: [row], contracts: [row] },
            idempotency: [keptKey(request, seen.at, kept)],
          };
        },
        answer: () => ({ loanUuid, isRecorded: true, isReplay: false }),
      };
    },
  });
}

/** His row, should nobody have seen him before. The number is random, because it must not tell when he came. */
function strangerOf(identity: SealingKey, subjects: readonly SubjectKey[], { iin }: Report): Person {
  const [newest] = subjects;
  assert(newest !== undefined);
  return newPerson(identity, randomUUID(), newest, iin, randomBytes);
}

function firstOf<R>(names: readonly string[], find: (name: string) => R | undefined): R | undefined {
  return names.map(find).find((row) => row !== undefined);
}

/** Loans: recorded as their lender reports them, once a contract, whoever else reports it at the same moment. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { assertNoIin, lenderOf } from '#libs/check/check.js';
import { checkOf } from '#libs/check/checks.store.js';
import type { Act } from '#libs/journal/act.js';
import { idempotencyName, keepKey, utcDay, type IdempotencyWant } from '#libs/journal/idempotency.store.js';
import { idToUuid, isId } from '#libs/journal/id.js';
import { Journal } from '#libs/journal/journal.service.js';
import { assertHappened, contractName, reportLoan, type Terms } from '#libs/loan/loan.js';
import { loansOf, reportsOf, type LoanFilter } from '#libs/loan/loans.store.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { IDENTITY_KEY, LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem, problemAt } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import type { Iin } from '#libs/subject/iin.js';
import { newPerson, type Person } from '#libs/subject/person.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import type { LenderTables } from '../tables.store.js';
import { answerOf, itemOf, viewOf, type LoanAnswer, type LoanPage, type LoanView } from './loan-answer.js';

/** A report as it came, its texts read. */
export interface Report extends Terms {
  readonly contractNumber: string;
  readonly iin: Iin;
}

/** `recorded`: there is an entry; `known`: it had been said before; `replayed`: the same key, with what it came to. */
interface Outcome {
  readonly loanUuid: string;
  readonly isRecorded: boolean;
  readonly isReplay: boolean;
}

export interface Reported {
  readonly answer: LoanAnswer;
  readonly isRecorded: boolean;
  readonly isReplay: boolean;
}

const route = 'POST /v1/loans';

@Injectable()
export class LoansService {
  constructor(
    @Inject(Journal) private readonly journal: Journal<LenderTables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(IDENTITY_KEY) private readonly identity: SealingKey,
  ) {}

  /**
   * Records a loan, an amendment of one, or nothing when it says what was said before.
   * @throws Problem `reference-holds-iin`, `check-unknown`, `instant-in-future`, `idempotency-key-reused`,
   *   `not-permitted`, `party-suspended`, `registry-unavailable`
   */
  async report(clientId: string, report: Report, request: IdempotentRequest): Promise<Reported> {
    const { iin, contractNumber, paymentReference = '', checkUuid } = report;
    assertNoIin(iin, {
      ...{ '/contractNumber': contractNumber, '/paymentReference': paymentReference },
      'Idempotency-Key': request.key,
    });
    const check = checkUuid && (await checkOf(this.dataSource.manager, clientId, checkUuid));
    if (checkUuid !== undefined && !check) throw problemAt('/checkId', 'check-unknown');
    const want = { app: 'lender', party: clientId, route, key: request.key };
    const outcome = await this.journal.submit(this.act(clientId, report, want, request.bodyHmac));
    const { loanUuid, isRecorded, isReplay } = outcome;
    if (!isRecorded && !isReplay)
      // It left no entry and therefore no row, but a 2xx answer is kept all the same.
      await keepKey(this.dataSource.manager, {
        ...{ ...want, bodyHmac: request.bodyHmac, resource: loanUuid },
        day: utcDay(this.journal.registryNow()),
      });
    return { answer: answerOf(loanUuid), isRecorded, isReplay };
  }

  /** One loan with its amendments. @throws Problem `not-found`, also for another's. */
  async read(clientId: string, loanId: string): Promise<LoanView> {
    const [first, ...others] = await reportsOf(this.dataSource.manager, clientId, idToUuid('lon', loanId));
    if (first === undefined) throw new Problem('not-found');
    return viewOf([first, ...others]);
  }

  /** Own loans as last reported, in the order in which they were first reported. */
  async list(
    clientId: string,
    filter: Omit<LoanFilter, 'after'> & { readonly after?: string },
  ): Promise<LoanPage> {
    const { after, limit, ...rest } = filter;
    const rows = await loansOf(this.dataSource.manager, clientId, {
      ...rest,
      limit: limit + 1,
      ...(after !== undefined && { after: uuidOfCursor(after) }),
    });
    const items = rows.slice(0, limit).map(itemOf);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? last.loanId.slice(4) : null };
  }

  private act(
    clientId: string,
    { iin, contractNumber, ...terms }: Report,
    want: IdempotencyWant,
    bodyHmac: Buffer,
  ): Act<LenderTables, Rules, Outcome> {
    const lenderBin = this.journal.rules().parties.get(clientId)?.bin ?? '';
    const contract = { party: clientId, lenderBin, contractNumber };
    const subjects = subjectsOf(this.keys, iin);
    const stranger = this.strangerOf(subjects, iin);
    return {
      look: { refusals: subjects, people: subjects, contracts: [contract], idempotency: [want] },
      decide: (seen) => {
        // A BIN never changes under a client id; were it to, this report would be of another contract.
        assert(lenderOf(seen.rules, clientId, seen.at).bin === lenderBin, 'the BIN of a party changed');
        const used = seen.find('idempotency', idempotencyName(want));
        if (used !== undefined) {
          if (!used.bodyHmac.equals(bodyHmac)) throw new Problem('idempotency-key-reused');
          const { resource: loanUuid, entryIndex } = used;
          assert(loanUuid !== undefined);
          const isRecorded = entryIndex !== undefined;
          return { entries: [], answer: () => ({ loanUuid, isRecorded, isReplay: true }) };
        }
        assertHappened(terms, seen.at);
        const names = subjects.map(subjectText);
        const refusal = firstOf(names, (name) => seen.find('refusals', name));
        const known = firstOf(names, (name) => seen.find('people', name));
        const person = known ?? stranger;
        const borrower = {
          ...{ personId: person.personId, iin, version: refusal?.version ?? 0 },
          subject: refusal?.subject ?? person.subject,
        };
        const earlier = seen.find('contracts', contractName(contract));
        const reported = reportLoan(seen.at, contract, terms, borrower, earlier);
        const { loanUuid, entries } = reported;
        if (entries.length === 0)
          return { entries, answer: () => ({ loanUuid, isRecorded: false, isReplay: false }) };
        return {
          entries,
          rows: (made) => {
            const row = reported.row(made);
            const kept = { ...want, bodyHmac, resource: loanUuid, entryIndex: row.entryIndex };
            return {
              ...(known === undefined && { people: [{ ...stranger, firstSeenAt: seen.at }] }),
              ...{ loans: [row], contracts: [row] },
              idempotency: [{ ...kept, day: utcDay(seen.at) }],
            };
          },
          answer: () => ({ loanUuid, isRecorded: true, isReplay: false }),
        };
      },
    };
  }

  /** His row, should nobody have seen him before. The number is random, because it must not tell when he came. */
  private strangerOf(subjects: readonly SubjectKey[], iin: Iin): Person {
    const [newest] = subjects;
    assert(newest !== undefined);
    return newPerson(this.identity, randomUUID(), newest, iin, randomBytes);
  }
}

function firstOf<R>(names: readonly string[], find: (name: string) => R | undefined): R | undefined {
  return names.map(find).find((row) => row !== undefined);
}

function uuidOfCursor(cursor: string): string {
  if (!isId('lon', `lon_${cursor}`))
    throw new Problem('request-malformed', { errors: [{ pointer: 'after', code: 'cursor-malformed' }] });
  return idToUuid('lon', `lon_${cursor}`);
}

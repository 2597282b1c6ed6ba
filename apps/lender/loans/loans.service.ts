/** Loans: recorded as their lender reports them, once a contract, whoever else reports it at the same moment. */
import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { assertNoIin, lenderOf } from '#libs/check/check.js';
import { checkOf } from '#libs/check/checks.store.js';
import { idToUuid, isId } from '#libs/journal/id.js';
import { Journal } from '#libs/journal/journal.service.js';
import { loansOf, reportsOf, type LoanFilter } from '#libs/loan/loans.store.js';
import { answerOf, type LoanAnswer, type Report } from '#libs/loan/report.js';
import { report as recordReport, type Reporting } from '#libs/loan/reporting.service.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { openReport } from '#libs/loan/loan.js';
import { contractMacs } from '#libs/loan/own-numbers.js';
import { IDENTITY_KEY, LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem, problemAt } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import { lookalikesOf, noteLookalikes } from '#libs/subject/lookalikes.store.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import type { LenderTables } from '../tables.store.js';
import { itemOf, viewOf, type LoanPage, type LoanView } from './loan-answer.js';

export interface Reported {
  readonly answer: LoanAnswer;
  readonly isRecorded: boolean;
  readonly isReplay: boolean;
}

const route = 'POST /v1/loans';

@Injectable()
export class LoansService {
  private readonly reporting: Reporting;

  constructor(
    @Inject(Journal) private readonly journal: Journal<LenderTables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(IDENTITY_KEY) private readonly identity: SealingKey,
  ) {
    this.reporting = { journal, dataSource, keys, identity };
  }

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
    const lenderBin = this.journal.rules().parties.get(clientId)?.bin ?? '';
    const outcome = await recordReport(
      this.reporting,
      {
        report,
        contract: { party: clientId, lenderBin, contractNumber },
        want: { app: 'lender', party: clientId, route, key: request.key },
        bodyHmac: request.bodyHmac,
        permit: (rules, at) => {
          // A BIN never changes under a client id; were it to, this report would be of another contract.
          assert(lenderOf(rules, clientId, at).bin === lenderBin, 'the BIN of a party changed');
        },
      },
      'single',
    );
    const { loanUuid, ...how } = outcome;
    if (how.isRecorded && !how.isReplay)
      await noteLookalikes(this.dataSource.manager, clientId, {
        ...{ contractNumber: [contractNumber], paymentReference: [paymentReference] },
      });
    return { answer: answerOf(loanUuid), ...how };
  }

  /** References of this lender that may be the IIN of somebody, as they were counted. */
  lookalikes(clientId: string): ReturnType<typeof lookalikesOf> {
    return lookalikesOf(this.dataSource.manager, clientId);
  }

  /** One loan with its amendments. @throws Problem `not-found`, also for another's. */
  async read(clientId: string, loanId: string): Promise<LoanView> {
    const reports = await reportsOf(this.dataSource.manager, clientId, idToUuid('lon', loanId));
    const [first, ...others] = reports.map((report) => openReport(this.identity, report));
    if (first === undefined) throw new Problem('not-found');
    return viewOf([first, ...others]);
  }

  /** Own loans as last reported, in the order in which they were first reported. */
  async list(
    clientId: string,
    filter: Omit<LoanFilter, 'after' | 'macs'> & {
      readonly after?: string;
      readonly contractNumber?: string;
    },
  ): Promise<LoanPage> {
    const { after, limit, contractNumber, ...rest } = filter;
    const lenderBin = this.journal.rules().parties.get(clientId)?.bin ?? '';
    const rows = await loansOf(this.dataSource.manager, clientId, {
      ...rest,
      limit: limit + 1,
      ...(after !== undefined && { after: uuidOfCursor(after) }),
      ...(contractNumber !== undefined && {
        macs: contractMacs(this.keys, { party: clientId, lenderBin, contractNumber }),
      }),
    });
    const items = rows.slice(0, limit).map((row) => itemOf(openReport(this.identity, row)));
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? last.loanId.slice(4) : null };
  }
}

function uuidOfCursor(cursor: string): string {
  if (!isId('lon', `lon_${cursor}`))
    throw new Problem('request-malformed', { errors: [{ pointer: 'after', code: 'cursor-malformed' }] });
  return idToUuid('lon', `lon_${cursor}`);
}

/**
 * Loans that a bureau reports: each goes through the Journal by itself, with its own idempotency row, so a call that was
 * cut short goes on where it ended. They stand beside what lenders report; matching the two is a later release's.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Journal } from '#libs/journal/journal.service.js';
import type { Report } from '#libs/loan/report.js';
import { report, type ReportOutcome, type Reporting } from '#libs/loan/reporting.service.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { IDENTITY_KEY, LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem, problemAt } from '#libs/problem/problem.js';
import { assertOpen } from '#libs/regime/regime.js';
import type { Rules } from '#libs/refusal/rules.js';
import { IinSearch } from '#libs/subject/holds-iin.js';
import { noteLookalikes } from '#libs/subject/lookalikes.store.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import { bureauOf } from '../stamps/bureau.js';
import type { BureauTables } from '../tables.store.js';

export interface BureauReport extends Report {
  readonly lenderBin: string;
}

export interface BureauReported {
  /** In the order of the call. */
  readonly outcomes: readonly (ReportOutcome | Problem)[];
  /** The same call had been answered so before. */
  readonly isReplay: boolean;
}

const route = 'POST /v1/loans';
/** Reports that wait for the writer at once: as many as a batch of this process takes. */
const partSize = 128;

@Injectable()
export class LoansService {
  private readonly reporting: Reporting;

  constructor(
    @Inject(Journal) private readonly journal: Journal<BureauTables, Rules>,
    @Inject(DataSource) dataSource: DataSource,
    @Inject(LOOKUP_KEYS) keys: LookupKeys,
    @Inject(IDENTITY_KEY) identity: SealingKey,
  ) {
    this.reporting = { journal, dataSource, keys, identity };
  }

  /**
   * Records loans, amendments of them, or nothing where they say what was said before.
   * @throws Problem about the whole call: `reference-holds-iin` (the key), `idempotency-key-reused`, `not-permitted`,
   *   `party-suspended`, `registry-not-open`, `registry-unavailable`; what was recorded until then stays, and the same
   *   call finds it again
   */
  async report(
    clientId: string,
    posted: readonly (BureauReport | Problem)[],
    request: IdempotentRequest,
  ): Promise<BureauReported> {
    const search = new IinSearch(posted.flatMap((each) => (each instanceof Problem ? [] : [each.iin])));
    if (search.finds(request.key)) throw problemAt('Idempotency-Key', 'reference-holds-iin');
    const items = posted.map((each) => withoutIin(each, search));
    const outcomes: (ReportOutcome | Problem)[] = [];
    for (let from = 0; from < items.length; from += partSize) {
      const part = items.slice(from, from + partSize);
      const made = await Promise.allSettled(
        part.map((each, place) => this.one(clientId, each, { ...request, place: from + place })),
      );
      for (const each of made) {
        if (each.status === 'rejected') throw each.reason;
        outcomes.push(each.value);
      }
    }
    const recorded = outcomes.flatMap((outcome, place) => {
      const item = items[place];
      const isNew = !(outcome instanceof Problem) && outcome.isRecorded && !outcome.isReplay;
      return isNew && item !== undefined && !(item instanceof Problem) ? [item] : [];
    });
    await noteLookalikes(this.reporting.dataSource.manager, clientId, {
      contractNumber: recorded.map(({ contractNumber }) => contractNumber),
      paymentReference: recorded.map(({ paymentReference }) => paymentReference),
    });
    const replays = outcomes.flatMap((each) => (each instanceof Problem ? [] : [each.isReplay]));
    return { outcomes, isReplay: replays.length > 0 && replays.every((isReplay) => isReplay) };
  }

  private async one(
    clientId: string,
    each: BureauReport | Problem,
    { key, bodyHmac, place }: IdempotentRequest & { readonly place: number },
  ): Promise<ReportOutcome | Problem> {
    if (each instanceof Problem) return each;
    const { lenderBin, ...said } = each;
    const bureauBin = this.journal.rules().parties.get(clientId)?.bin;
    const call = {
      report: said,
      contract: {
        ...{ party: clientId, lenderBin, contractNumber: said.contractNumber },
        ...(bureauBin !== undefined && { bureauBin }),
      },
      // One key has one spelling: digits follow the last "#".
      want: { app: 'bureau', party: clientId, route, key: `${key}#${place}` },
      bodyHmac,
      permit: (rules: Rules) => {
        bureauOf(rules, clientId);
        assertOpen(rules.regime);
      },
    };
    try {
      return await report(this.reporting, call, 'bulk');
    } catch (error) {
      // A day that has not come is wrong with this loan; anything else is wrong with the call, or with us.
      if (error instanceof Problem && error.code === 'instant-in-future') return error;
      throw error;
    }
  }
}

/** References must not hold the IIN of the same request, and the request is the whole call. */
function withoutIin(each: BureauReport | Problem, search: IinSearch): BureauReport | Problem {
  if (each instanceof Problem) return each;
  const { contractNumber, paymentReference = '' } = each;
  if (search.finds(contractNumber)) return problemAt('/contractNumber', 'reference-holds-iin');
  if (search.finds(paymentReference)) return problemAt('/paymentReference', 'reference-holds-iin');
  return each;
}

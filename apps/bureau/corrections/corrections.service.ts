/** Corrections: what a bureau says of a breach, recorded once each time it says something new. */
import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Act } from '#libs/journal/act.js';
import { keepKey } from '#libs/journal/idempotency.store.js';
import { idempotent, keptKey, type KeyedRequest } from '#libs/journal/idempotent.service.js';
import { uuidToId } from '#libs/journal/id.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import type { Party } from '#libs/party/party.js';
import { problemAt } from '#libs/problem/problem.js';
import { assertOpen } from '#libs/regime/regime.js';
import type { Rules } from '#libs/refusal/rules.js';
import { twelves } from '#libs/subject/holds-iin.js';
import { isIin } from '#libs/subject/iin.js';
import { noteLookalikes } from '#libs/subject/lookalikes.store.js';
import { subjectsOf, subjectText, type LookupKeys } from '#libs/subject/subject.js';
import { bureauOf } from '../stamps/bureau.js';
import type { BureauTables } from '../tables.store.js';
import { correctionDraft, correctionName, type Said } from './correction.js';

/** `recorded`: there is a new entry; else it had been said before. */
interface Outcome {
  readonly entryUuid: string;
  readonly isRecorded: boolean;
  readonly isReplay: boolean;
}

export interface Corrected {
  readonly entryId: string;
  readonly isRecorded: boolean;
  readonly isReplay: boolean;
}

const route = 'POST /v1/corrections';

@Injectable()
export class CorrectionsService {
  constructor(
    @Inject(Journal) private readonly journal: Journal<BureauTables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
  ) {}

  /**
   * Records a correction, or finds that it was said already.
   * @throws Problem `instant-in-future`, `reference-holds-iin`, `idempotency-key-reused`, `not-permitted`,
   *   `party-suspended`, `registry-not-open`, `registry-unavailable`
   */
  async correct(
    clientId: string,
    breachUuid: string,
    said: Said,
    { key, bodyHmac }: IdempotentRequest,
  ): Promise<Corrected> {
    const request = { app: 'bureau', party: clientId, route, key, bodyHmac };
    const act = this.act({ clientId, breachUuid }, said, request);
    const { entryUuid, isRecorded, isReplay } = await this.journal.submit(act);
    if (isRecorded && !isReplay)
      await noteLookalikes(this.dataSource.manager, clientId, { historyRef: [said.historyRef] });
    if (!isRecorded && !isReplay)
      // It left no entry and therefore no row, but a 2xx answer is kept all the same.
      await keepKey(
        this.dataSource.manager,
        keptKey(request, this.journal.registryNow(), { resource: entryUuid }),
      );
    return { entryId: uuidToId('ent', entryUuid), isRecorded, isReplay };
  }

  private act(
    correction: { readonly clientId: string; readonly breachUuid: string },
    said: Said,
    request: KeyedRequest,
  ): Act<BureauTables, Rules, Outcome> {
    // The request names no person, so its references are held against everybody who ever had a refusal: a breach is
    // about one of them, and a bureau knows them all.
    const named = twelves(said.historyRef ?? '').filter(isIin);
    const subjects = named.flatMap((iin) => subjectsOf(this.keys, iin));
    return idempotent<BureauTables, Rules, Outcome, Party>(request, {
      look: { corrections: [correction], refusals: subjects },
      permit: ({ rules }) => {
        const bureau = bureauOf(rules, correction.clientId);
        assertOpen(rules.regime);
        return bureau;
      },
      replayed: ({ resource: entryUuid, entryIndex }) => {
        assert(entryUuid !== undefined);
        return { entryUuid, isRecorded: entryIndex !== undefined, isReplay: true };
      },
      decide: (seen, bureau) => {
        if (subjects.some((subject) => seen.find('refusals', subjectText(subject)) !== undefined))
          throw problemAt('/historyRef', 'reference-holds-iin');
        const earlier = seen.find('corrections', correctionName(correction));
        const draft = correctionDraft(seen.at, bureau, correction, said, earlier);
        if (draft === undefined) {
          assert(earlier !== undefined);
          const { entryUuid } = earlier;
          return { entries: [], answer: () => ({ entryUuid, isRecorded: false, isReplay: false }) };
        }
        return {
          entries: [draft],
          rows: ([made]) => {
            assert(made !== undefined);
            const entry = { entryIndex: made.index, entryUuid: made.uuid };
            const kept = { resource: made.uuid, entryIndex: made.index };
            return {
              corrections: [{ ...correction, ...said, ...entry, at: seen.at }],
              idempotency: [keptKey(request, seen.at, kept)],
            };
          },
          answer: (_receipts, [made]) => {
            assert(made !== undefined);
            return { entryUuid: made.uuid, isRecorded: true, isReplay: false };
          },
        };
      },
    });
  }
}

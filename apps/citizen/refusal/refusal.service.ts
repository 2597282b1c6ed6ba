/** A person's refusal: read for him, and a pending lift called off. Both are entries, appended before the answer. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { assertNoIin } from '#libs/check/check.js';
import type { Act } from '#libs/journal/act.js';
import { idempotent, type KeyedRequest } from '#libs/journal/idempotent.service.js';
import { Journal } from '#libs/journal/journal.service.js';
import { readReceipt } from '#libs/journal/journal.store.js';
import type { Receipt } from '#libs/journal/receipt.js';
import type { Party } from '#libs/party/party.js';
import type { IdempotentRequest } from '#libs/platform/idempotency.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import { assertOpen } from '#libs/regime/regime.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import { cancelLift, refusalAfter } from '#libs/refusal/transitions.js';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, type LookupKeys } from '#libs/subject/subject.js';
import { PeopleService } from '../applications/people.service.js';
import { CitizenPresence } from '../session/citizen-presence.service.js';
import { mustBeAdmitted, mustBeUnused, type Presence } from '../session/presence.js';
import { KeptAnswers, keptRow, keyedRequest } from '../session/kept-answers.service.js';
import { readingAct } from '../session/reading.service.js';
import type { CitizenTables } from '../tables.store.js';
import { refusalSeen } from './refusal-seen.js';
import { statusOf, type RefusalStatus } from './refusal-status.js';
import { StampsShownService } from './stamps-shown.service.js';

/** The answer to calling off a lift. */
export interface LiftCancelled {
  readonly state: 'in-force';
  readonly refusal: RefusalStatus;
  readonly receipt: Receipt;
}

/** What is kept of that answer: the receipt is made again from its entry. */
type KeptCancelled = Omit<LiftCancelled, 'receipt'>;
type CancelAct = Act<CitizenTables, Rules, LiftCancelled | 'made by a twin'>;

const cancelRoute = 'POST /v1/lift-cancellations';

@Injectable()
export class RefusalService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: Journal<CitizenTables, Rules>,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(PeopleService) private readonly people: PeopleService,
    @Inject(CitizenPresence) private readonly presence: CitizenPresence,
    @Inject(KeptAnswers) private readonly kept: KeptAnswers,
    @Inject(StampsShownService) private readonly stamps: StampsShownService,
  ) {}

  /**
   * What stands in the person's name.
   * @throws Problem `citizen-assertion-missing`, `citizen-not-present`, `registry-unavailable`
   */
  async status(channel: Party, assertion: unknown): Promise<RefusalStatus> {
    const presence = await this.presence.verify(channel, assertion);
    // Whose refusal is not inherited yet would be told that he has none.
    assertOpen(this.journal.rules().regime);
    const read = await this.journal.submit(
      readingAct(presence, this.keys, 'refusal-status', (refusal) => ({
        status: statusOf(refusal),
        subject: refusal?.subject,
      })),
    );
    return this.stamps.with(this.dataSource.manager, read.status, read.subject);
  }

  /**
   * Calls off a pending lift: no signature is needed, because it can only make safer.
   * @throws Problem `citizen-assertion-missing`, `citizen-not-present`, `reference-holds-iin`,
   *   `idempotency-key-reused`, `no-lift-pending`
   */
  async cancelLift(
    channel: Party,
    assertion: unknown,
    idempotent: IdempotentRequest,
  ): Promise<{ readonly answer: LiftCancelled; readonly isReplay: boolean }> {
    const request = keyedRequest(channel.clientId, cancelRoute, idempotent);
    const before = await this.replay(request);
    if (before !== undefined) return { answer: before, isReplay: true };
    const presence = await this.presence.verify(channel, assertion);
    assertNoIin(presence.citizen.iin, { 'Idempotency-Key': request.key });
    const { manager } = this.dataSource;
    const known = await this.people.openOrMend(manager, presence.citizen.iin);
    if (known === undefined) {
      // Without every live lookup key somebody would pass for nobody, and this answers 503 then.
      await refusalOf(manager, this.keys, presence.citizen.iin);
      // Whoever never opened an application has no lift to call off.
      throw new Problem('no-lift-pending');
    }
    const sealing = { personId: known.person.personId, key: known.key };
    const made = await this.journal.submit(this.cancelAct(presence, request, sealing));
    if (made !== 'made by a twin') return { answer: made, isReplay: false };
    const twins = await this.replay(request);
    assert(twins !== undefined, 'a twin leaves its answer');
    return { answer: twins, isReplay: true };
  }

  private cancelAct(
    presence: Presence,
    request: KeyedRequest,
    sealing: { readonly personId: string; readonly key: SealingKey },
  ): CancelAct {
    const { citizen, assertion } = presence;
    const subjects = subjectsOf(this.keys, citizen.iin);
    return idempotent<CitizenTables, Rules, LiftCancelled | 'made by a twin', undefined>(request, {
      look: { refusals: subjects, assertion_ids: [assertion] },
      // As before a replay by `replay`: the twin's answer is the same caller's.
      permit: () => undefined,
      replayed: () => 'made by a twin',
      decide: (seen) => {
        mustBeAdmitted(seen.rules, citizen.channel);
        mustBeUnused(presence, (name) => seen.find('assertion_ids', name));
        const before = refusalSeen(subjects, (name) => seen.find('refusals', name));
        const moves = cancelLift(before);
        assert(before !== undefined);
        const drafts = moves.map(({ kind, version, body }) => ({
          kind,
          person: { subject: before.subject, iin: citizen.iin, version },
          party: citizen.channel,
          body: { channel: citizen.channel, identifiedBy: citizen.method, ...body },
        }));
        const answer: KeptCancelled = {
          state: 'in-force',
          refusal: statusOf(moves.at(-1)?.next),
        };
        return {
          entries: drafts,
          rows: (made) => {
            const after = refusalAfter(before, before.subject, moves, made);
            const kept = keptRow(request, seen.at, { ...sealing, answer, random: randomBytes });
            return {
              refusals: [after],
              assertion_ids: [assertion],
              idempotency: [{ ...kept, entryIndex: after.entryIndex }],
            };
          },
          answer: (receipts) => ({ ...answer, receipt: lastOf(receipts()) }),
        };
      },
    });
  }

  private async replay(request: KeyedRequest): Promise<LiftCancelled | undefined> {
    const kept = await this.kept.find<KeptCancelled>(request);
    if (kept === undefined) return undefined;
    const { entryIndex } = kept.row;
    assert(entryIndex !== undefined);
    const receipt = await readReceipt(this.dataSource.manager, entryIndex);
    assert(receipt !== undefined, 'the receipt of an own entry is there');
    return { ...kept.answer, receipt };
  }
}

function lastOf(receipts: readonly Receipt[]): Receipt {
  const last = receipts.at(-1);
  assert(last !== undefined, 'a cancellation that left no entry');
  return last;
}

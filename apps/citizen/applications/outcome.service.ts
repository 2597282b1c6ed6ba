/**
 * What came of an application, read from what is committed: so the first answer, a repeated signature and a question
 * weeks later are made in one place.
 */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readReceipt } from '#libs/journal/journal.store.js';
import type { Receipt } from '#libs/journal/receipt.js';
import type { Clock } from '#libs/platform/clock.js';
import { Bell } from '#libs/platform/bell.js';
import { DatabaseSignal } from '#libs/platform/database-signal.js';
import { askUntil } from '#libs/platform/long-poll.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import type { Iin } from '#libs/subject/iin.js';
import { subjectsOf, type LookupKeys } from '#libs/subject/subject.js';
import { statusOf, type RefusalStatus } from '../refusal/refusal-status.js';
import { StampsShownService } from '../refusal/stamps-shown.service.js';
import { MACHINE_CLOCK } from '../session/citizen-presence.service.js';
import { stateOf, type Application, type ApplicationState } from './application.js';
import { applicationByUuid, newestEntryOf, type FoundApplication } from './applications.store.js';
import { PeopleService } from './people.service.js';
import { outcomeOf, type OutcomeState } from './signing.js';
import { Problem } from '#libs/problem/problem.js';

/** The answer to a signature. */
export interface Outcome {
  readonly state: OutcomeState;
  readonly refusal: RefusalStatus;
  /** Of the newest entry that came of the application. */
  readonly receipt: Receipt;
}

/** The answer to "did it count?". */
export interface Progress {
  readonly state: ApplicationState;
  readonly refusal?: RefusalStatus;
  readonly receipt?: Receipt;
}

/** How long a signature waits for a lift that has nothing to wait for. */
const clerkPatience = { forMs: 3000, everyMs: 1000 };
/** Placings and lifts of others ring the bell, too, perhaps hundreds in a second. */
const betweenLooksMs = 50;
/** Behind the signal, which may be lost, and does not tell that an application expired or was voided. */
const pollEveryMs = 5000;

/** On this channel of the database the id of an application is told once it is signed. */
export const signedChannel = 'tyiym_signed';

@Injectable()
export class OutcomeService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(PeopleService) private readonly people: PeopleService,
    @Inject(MACHINE_CLOCK) private readonly clock: Clock,
    @Inject(StampsShownService) private readonly stamps: StampsShownService,
    @Inject(Bell) private readonly feed: Bell,
    @Inject(DatabaseSignal) private readonly signed: DatabaseSignal,
  ) {}

  /**
   * What came of a signed application; tells those who wait for it. `isDue`: the clerk is at it right now and worth
   * waiting for, unless the caller has `gone`.
   */
  async outcome(application: Application, iin: Iin, isDue: boolean, gone: AbortSignal): Promise<Outcome> {
    void this.tell(application.uuid);
    const ask = (): Promise<Outcome> => this.read(application, iin);
    const isEnough = ({ state }: Outcome): boolean => !isDue || state !== 'lift-pending';
    const wake = async (ms: number): Promise<void> => {
      const pause = wait(betweenLooksMs, undefined, { signal: gone }).catch(() => undefined);
      await Promise.all([this.feed.after(this.feed.count, ms, gone), pause]);
    };
    return askUntil(ask, isEnough, { ...clerkPatience, clock: this.clock, gone, wake });
  }

  /**
   * The state of an application for the channel that opened it, waiting up to `waitS` for it to change or until the
   * caller has `gone`.
   * @throws Problem `not-found`, also for another channel's.
   */
  async progress(channel: string, uuid: string, waitS: number, gone: AbortSignal): Promise<Progress> {
    const wake = (ms: number): Promise<void> => this.signed.wait(uuid, ms, gone);
    const patience = { forMs: waitS * 1000, everyMs: pollEveryMs, clock: this.clock, gone, wake };
    const look = (): Promise<Look> => this.lookAt(channel, uuid);
    const { state, found, iin } = await askUntil(look, (seen) => seen.state !== 'open', patience);
    if (state !== 'signed') return { state };
    const { refusal, receipt } = await this.read(found.application, iin);
    return { state, refusal, receipt };
  }

  /** Of its own and after the commit, because a commit that tells holds up every other one that does. */
  private async tell(uuid: string): Promise<void> {
    // A hint only: whoever waits asks again.
    await this.dataSource.query(`SELECT pg_notify('${signedChannel}', $1)`, [uuid]).catch(() => undefined);
  }

  private async lookAt(channel: string, uuid: string): Promise<Look> {
    const tx = this.dataSource.manager;
    const found = await applicationByUuid(tx, uuid);
    if (found?.application.channel !== channel) throw new Problem('not-found');
    const opened = await this.people.open(tx, found.person);
    if (opened === undefined) throw new Problem('application-void');
    const { iin } = opened;
    const refusal = await refusalOf(tx, this.keys, iin);
    return { found, iin, state: stateOf(found.application, refusal, found.at) };
  }

  /** In one snapshot, because the clerk may lift between two statements. */
  private read(application: Application, iin: Iin): Promise<Outcome> {
    const { entryIndex } = application;
    assert(entryIndex !== undefined, 'only a signed application came to something');
    return this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      // First, because it says so when a lookup key is missing; without it the entry would not be found.
      const refusal = await refusalOf(tx, this.keys, iin);
      const newest = await newestEntryOf(tx, subjectsOf(this.keys, iin), entryIndex);
      assert(newest !== undefined, 'the entry of a signed application is there');
      const receipt = await readReceipt(tx, newest.index);
      assert(receipt !== undefined, 'the receipt of an entry of this person is there');
      const state = outcomeOf(newest.kind, isPending(refusal, entryIndex));
      const shown = await this.stamps.with(tx, statusOf(refusal), refusal?.subject);
      return { state, refusal: shown, receipt };
    });
  }
}

interface Look {
  readonly found: FoundApplication;
  readonly iin: Iin;
  readonly state: ApplicationState;
}

/** Whether it is this lift that waits, and not a later one. */
function isPending(refusal: Refusal | undefined, requestIndex: number): boolean {
  return refusal?.state === 'lift-pending' && refusal.requestIndex === requestIndex;
}

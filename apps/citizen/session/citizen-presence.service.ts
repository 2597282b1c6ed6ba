/**
 * Who the citizen is that a channel speaks for. Verified here, used up by the use case in the transaction of its act:
 * so an assertion counts once, and a request that got a 503 may be sent again as it was.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Journal } from '#libs/journal/journal.service.js';
import type { Clock } from '#libs/platform/clock.js';
import type { Party } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';
import type { CitizenJournal } from '../tables.js';
import {
  assertionName,
  forgetExpiredAssertions,
  useAssertion,
  type UsedAssertion,
} from './assertions.store.js';
import { verifyCitizenAssertion, type PresentCitizen } from './citizen-assertion.js';

/** Injection token of the citizen app's resource: the audience of assertions. */
export const CITIZEN_RESOURCE = Symbol('CITIZEN_RESOURCE');
/** Injection token of machine time. */
export const MACHINE_CLOCK = Symbol('MACHINE_CLOCK');

/** A citizen, and the assertion that is used up with whatever is done for him. */
export interface Presence {
  readonly citizen: PresentCitizen;
  readonly assertion: UsedAssertion;
}

@Injectable()
export class CitizenPresence {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: CitizenJournal,
    @Inject(CITIZEN_RESOURCE) private readonly audience: string,
    @Inject(MACHINE_CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @param channel the party that calls: `request.party.party`
   * @param assertion `citizenAssertion` of the body, whatever it is
   * @throws Problem `citizen-assertion-missing`, `citizen-not-present`
   */
  async verify(channel: Party, assertion: unknown): Promise<Presence> {
    const now = this.clock();
    const { citizen, jtiSha256, expiresAt } = await verifyCitizenAssertion(assertion, {
      channel,
      audience: this.audience,
      registryNow: this.journal.registryNow(),
      now,
    });
    await forgetExpiredAssertions(this.dataSource.manager, now);
    return { citizen, assertion: { channel: citizen.channel, jtiSha256, expiresAt } };
  }
}

/** Uses the assertion up in a transaction. @throws Problem `citizen-not-present` when it was used before. */
export async function useUp(tx: Parameters<typeof useAssertion>[0], { assertion }: Presence): Promise<void> {
  if (!(await useAssertion(tx, assertion))) throw usedBefore();
}

/** The same for an act: what it looked up under the assertion's name. @throws Problem `citizen-not-present` */
export function mustBeUnused(
  { assertion }: Presence,
  find: (table: 'assertion_ids', key: string) => UsedAssertion | undefined,
): void {
  if (find('assertion_ids', assertionName(assertion)) !== undefined) throw usedBefore();
}

function usedBefore(): Problem {
  return new Problem('citizen-not-present', { cause: new Error('used before') });
}

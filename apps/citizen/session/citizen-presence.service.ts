/**
 * Who the citizen is that a channel speaks for. Verified here, used up by the use case in the transaction of its act:
 * so an assertion counts once, and a request that got a 503 may be sent again as it was.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Journal } from '#libs/journal/journal.service.js';
import type { Clock } from '#libs/platform/clock.js';
import type { Party } from '#libs/party/party.js';
import type { Rules } from '#libs/refusal/rules.js';
import type { CitizenTables } from '../tables.store.js';
import { forgetExpiredAssertions, useAssertion } from './assertions.store.js';
import { verifyCitizenAssertion } from './citizen-assertion.js';
import { usedBefore, type Presence } from './presence.js';

/** Injection token of the citizen app's resource: the audience of assertions. */
export const CITIZEN_RESOURCE = Symbol('CITIZEN_RESOURCE');
/** Injection token of machine time. */
export const MACHINE_CLOCK = Symbol('MACHINE_CLOCK');

@Injectable()
export class CitizenPresence {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: Journal<CitizenTables, Rules>,
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

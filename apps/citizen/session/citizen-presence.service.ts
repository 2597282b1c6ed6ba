/**
 * Who the citizen is that a channel speaks for. The assertion is used up before anything is done with it, in a
 * transaction of its own, because one that failed later must not be tried again with another act.
 */
import type { DataSource } from 'typeorm';
import type { Party } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';
import { forgetExpiredAssertions, useAssertion } from './assertions.store.js';
import { verifyCitizenAssertion, type PresentCitizen } from './citizen-assertion.js';

export interface PresenceSettings {
  readonly dataSource: DataSource;
  /** The citizen app's resource. */
  readonly audience: string;
  /** Machine time, ms. */
  readonly clock: () => number;
  /** Registry time, ms. */
  readonly registryNow: () => number;
}

/** Wired by the module of the app with `useFactory`. */
export class CitizenPresence {
  constructor(private readonly settings: PresenceSettings) {}

  /**
   * @param channel the party that calls: `request.party.party`
   * @param assertion `citizenAssertion` of the body, whatever it is
   * @throws {Problem} `citizen-assertion-missing`, `citizen-not-present`
   */
  async identify(channel: Party, assertion: unknown): Promise<PresentCitizen> {
    const { dataSource, audience, clock, registryNow } = this.settings;
    const now = clock();
    const verified = await verifyCitizenAssertion(assertion, {
      channel,
      audience,
      registryNow: registryNow(),
      now,
    });
    const { citizen, jtiSha256, expiresAt } = verified;
    if (!(await useAssertion(dataSource.manager, citizen.channel, jtiSha256, expiresAt)))
      throw new Problem('citizen-not-present', { cause: new Error('used before') });
    await forgetExpiredAssertions(dataSource.manager, now);
    return citizen;
  }
}

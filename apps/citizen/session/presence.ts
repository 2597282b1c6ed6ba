/** A citizen a channel speaks for, and the assertion that is used up with whatever is done for him. */
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';
import type { PresentCitizen } from './citizen-assertion.js';

/** Which assertion: one of one channel. */
export interface AssertionName {
  /** Client id. */
  readonly channel: string;
  /** base64url SHA-256 of `jti`. */
  readonly jtiSha256: string;
}

export interface UsedAssertion extends AssertionName {
  /** Machine time, ms, until which it must be remembered. */
  readonly expiresAt: number;
}

/** The name of an assertion in the map of rows in flight. */
export function assertionName({ channel, jtiSha256 }: AssertionName): string {
  return JSON.stringify([channel, jtiSha256]);
}

export interface Presence {
  readonly citizen: PresentCitizen;
  readonly assertion: UsedAssertion;
}

/**
 * For acts, which look the assertion up under its name.
 * @throws Problem `citizen-not-present` when it was used before.
 */
export function mustBeUnused(
  { assertion }: Presence,
  find: (name: string) => UsedAssertion | undefined,
): void {
  if (find(assertionName(assertion)) !== undefined) throw usedBefore();
}

/**
 * For acts: a token outlives a suspension, a batch does not.
 * @param channel client id
 * @throws Problem `party-suspended`
 */
export function mustBeAdmitted({ parties }: Rules, channel: string): void {
  if (parties.get(channel)?.state !== 'admitted') throw new Problem('party-suspended');
}

/** An assertion counts once. */
export function usedBefore(): Problem {
  return new Problem('citizen-not-present', { cause: new Error('used before') });
}

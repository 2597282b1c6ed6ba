/**
 * Why a caller is not let in: a Problem `not-authenticated` that also knows the error of the `WWW-Authenticate`
 * challenge. The reason stays in our log as `cause`, because a caller who tries proofs learns nothing from us.
 */
import { errors } from 'jose';
import { Problem } from '#libs/problem/problem.js';

/** RFC 9449 §7.1 and §9, RFC 6750 §3.1; undefined: no credentials came at all. */
export type ChallengeError = 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce';

export class AccessRefused extends Problem {
  readonly challenge: ChallengeError | undefined;

  constructor(challenge?: ChallengeError, cause?: unknown) {
    super('not-authenticated', { cause });
    this.challenge = challenge;
  }
}

/** A refusal for what jose found. It hangs the whole payload on its errors, so only the code of the error goes on. */
export function refusedBy(challenge: ChallengeError, error: unknown): AccessRefused {
  const reason = error instanceof errors.JOSEError ? error.code : 'the JWT cannot be read';
  return new AccessRefused(challenge, new Error(reason));
}

/** @throws {AccessRefused} with `reason` as the cause, unless `holds`. */
export function mustHold(holds: boolean, challenge: ChallengeError, reason: string): asserts holds {
  if (!holds) throw new AccessRefused(challenge, new Error(reason));
}

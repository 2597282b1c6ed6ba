/**
 * Where a caller stands with a limit, and the fields that tell him: `RateLimit-Policy` and `RateLimit` as lists of
 * structured-field items (draft-ietf-httpapi-ratelimit-headers-10, RFC 9651).
 *
 *     RateLimit-Policy: "checks";q=5000;w=1, "checks-beyond";q=50000;w=60
 *     RateLimit: "checks";r=4999;t=1
 *
 * No partition key is sent: it would be the caller himself.
 */
import { Problem } from '#libs/problem/problem.js';

/** So many calls in a window of so many seconds. */
export interface LimitPolicy {
  /** Lower-case words with hyphens: it stands in the fields as a string without escapes. */
  readonly name: string;
  readonly quota: number;
  readonly windowS: number;
}

export interface Standing {
  /** Value of `RateLimit-Policy`. */
  readonly policy: string;
  /** Value of `RateLimit`. */
  readonly limit: string;
  /** Only when the call is refused: seconds to wait. */
  readonly retryAfterS?: number;
}

/** A limit of a party, as `GET /v1/party` shows it. */
export function policyField(policies: readonly LimitPolicy[]): string {
  return policies.map(({ name, quota, windowS }) => `"${name}";q=${quota};w=${windowS}`).join(', ');
}

/** What remains until the window ends; never before the next whole second, because `t` counts in seconds. */
export function limitField(name: string, remaining: number, msBeforeNext: number): string {
  return `"${name}";r=${remaining};t=${secondsOf(msBeforeNext)}`;
}

/** Whole seconds, one at least: whoever comes back after 0 comes back at once. */
export function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** What is needed of a Fastify reply. */
interface Reply {
  header(name: string, value: string): unknown;
}

/**
 * Tells the caller where he stands.
 * @throws Problem `too-many-requests`, with `Retry-After` no earlier than the window's end
 */
export function answerWith(reply: Reply, { policy, limit, retryAfterS }: Standing): void {
  reply.header('RateLimit-Policy', policy);
  reply.header('RateLimit', limit);
  if (retryAfterS !== undefined) throw new Problem('too-many-requests', { retryAfterS });
}

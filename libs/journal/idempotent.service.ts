/**
 * Acts that are done once a key: the same request again is answered from the row that the first one left, under the lock
 * of the head, so that two processes give one answer. Another body under the same key is refused.
 */
import { Problem } from '#libs/problem/problem.js';
import type { Act, Decision, Seen, Tables } from './act.js';
import { idempotencyName, utcDay, type IdempotencyRow, type IdempotencyWant } from './idempotency.store.js';

/** One request of one party on one route. */
export interface KeyedRequest extends IdempotencyWant {
  /** HMAC-SHA-256 of the raw body. */
  readonly bodyHmac: Buffer;
}

/** An act that leaves `keptKey` among its rows when it leaves an entry; `P` is what `permit` found out. */
export interface OnceAct<T extends Tables, R, A, P> extends Pick<Act<T, R, A>, 'look'> {
  /** Comes before the replay: a party that may not ask now is not answered again either. @throws Problem */
  permit(seen: Seen<T, R>): P;
  /** The answer from the row that the same request left. */
  replayed(earlier: IdempotencyRow): A;
  /** As of an `Act`, for a request that is new. */
  decide(seen: Seen<T, R>, permitted: P): Decision<T, A>;
}

/** The same act, done once a key. @throws Problem `idempotency-key-reused` when it is decided */
export function idempotent<T extends Tables, R, A, P>(
  request: KeyedRequest,
  { look, permit, replayed, decide }: OnceAct<T, R, A, P>,
): Act<T, R, A> {
  return {
    party: request.party,
    look: { ...look, idempotency: [request] },
    decide: (seen) => {
      const permitted = permit(seen);
      const earlier = seen.find('idempotency', idempotencyName(request)) as IdempotencyRow | undefined;
      if (earlier === undefined) return decide(seen, permitted);
      if (!earlier.bodyHmac.equals(request.bodyHmac)) throw new Problem('idempotency-key-reused');
      return { entries: [], answer: () => replayed(earlier) };
    },
  };
}

/** The row under which a request is found again. @param at registry time, ms */
export function keptKey(
  { app, party, route, key, bodyHmac }: KeyedRequest,
  at: number,
  made: Partial<Pick<IdempotencyRow, 'resource' | 'entryIndex' | 'personId' | 'answer'>>,
): IdempotencyRow {
  // Assigned, as in batch.ts.
  return Object.assign({ app, party, route, key, bodyHmac, day: utcDay(at) }, made);
}

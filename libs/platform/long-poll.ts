/**
 * Waiting for something to come true, a bounded time: long polls, and answers that wait for the clerk. Nobody is asked
 * on behalf of a caller who has gone, and how many wait is bounded by party and in all.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { Gauge } from 'prom-client';
import { Problem } from '#libs/problem/problem.js';
import type { Clock } from './clock.js';
import { metrics } from './metrics.js';

const waitingCalls = new Gauge({
  name: 'tyiym_waiting_calls',
  help: 'Calls that wait for something to come true: long polls, and signatures that wait for the clerk.',
  registers: [metrics],
});

export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
  /** Machine time. */
  readonly clock: Clock;
  /** Aborts when the caller has gone: nothing is asked any more. */
  readonly gone?: AbortSignal | undefined;
  /** Resolves when it may have come true, after so many milliseconds, or when `gone` aborts. */
  wake?(ms: number, gone: AbortSignal | undefined): Promise<void>;
}

/**
 * Asks at once and then again and again; gives the first answer that is enough, or the last one when time is over or the
 * caller has gone.
 */
export async function askUntil<A>(
  ask: () => Promise<A>,
  isEnough: (answer: A) => boolean,
  { forMs, everyMs, clock, gone, wake = sleep }: Patience,
): Promise<A> {
  const end = clock() + forMs;
  let left = forMs;
  for (;;) {
    // Listened for before it is asked, or what comes true between the two would be heard by nobody.
    const woken = left > 0 ? wake(Math.min(everyMs, left), gone) : undefined;
    const answer = await ask();
    left = end - clock();
    if (isEnough(answer) || left <= 0 || woken === undefined || gone?.aborted) return answer;
    await woken;
    if (gone?.aborted) return answer;
    left = Math.max(end - clock(), 0);
  }
}

function sleep(ms: number, gone: AbortSignal | undefined): Promise<void> {
  return wait(ms, undefined, gone && { signal: gone }).catch(() => undefined);
}

/** How many calls may wait at once. */
export interface WaitingPlaces {
  readonly perParty: number;
  readonly inAll: number;
}

/** The place of a caller who leaves is taken for so long at least: leaving must not be the way to open more polls. */
const leastMs = 1000;

/** The calls of this process that wait. */
export class LongPolls {
  private readonly waiting = new Map<string, number>();
  private all = 0;

  constructor(private readonly places: WaitingPlaces) {}

  /**
   * Runs what waits for a caller. `gone` aborts when the connection of the call closes.
   * @throws Problem `too-many-requests` when as many calls of this party, or of all, wait already
   */
  async wait<A>(
    request: Pick<FastifyRequest, 'raw'>,
    party: string,
    work: (gone: AbortSignal) => Promise<A>,
  ): Promise<A> {
    if (!this.hasRoom(party)) throw new Problem('too-many-requests', { retryAfterS: 1 });
    this.count(party, 1);
    const { socket } = request.raw;
    const since = performance.now();
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    socket.once('close', leave);
    if (socket.destroyed) leave();
    try {
      return await work(leaving.signal);
    } finally {
      socket.removeListener('close', leave);
      const leftMs = leaving.signal.aborted ? since + leastMs - performance.now() : 0;
      if (leftMs > 0) setTimeout(() => this.count(party, -1), leftMs).unref();
      else this.count(party, -1);
    }
  }

  /** The same for what is done already and only waits for its outcome: without a place it does not wait. */
  waitIfRoom<A>(
    request: Pick<FastifyRequest, 'raw'>,
    party: string,
    work: (gone: AbortSignal) => Promise<A>,
  ): Promise<A> {
    return this.hasRoom(party) ? this.wait(request, party, work) : work(AbortSignal.abort());
  }

  private hasRoom(party: string): boolean {
    return this.all < this.places.inAll && (this.waiting.get(party) ?? 0) < this.places.perParty;
  }

  private count(party: string, change: 1 | -1): void {
    const now = (this.waiting.get(party) ?? 0) + change;
    if (now === 0) this.waiting.delete(party);
    else this.waiting.set(party, now);
    this.all += change;
    waitingCalls.inc(change);
  }
}

/** Waiting for something to come true, a bounded time: long polls, and answers that wait for the clerk. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './clock.js';

export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
  /** Machine time. */
  readonly clock: Clock;
  /** Resolves when it may have come true, or after so many milliseconds; else the clock alone decides when to ask. */
  wake?(ms: number): Promise<void>;
}

/** Asks at once and then again and again; gives the first answer that is enough, or the last one when time is over. */
export async function askUntil<A>(
  ask: () => Promise<A>,
  isEnough: (answer: A) => boolean,
  { forMs, everyMs, clock, wake = wait }: Patience,
): Promise<A> {
  const end = clock() + forMs;
  let left = forMs;
  for (;;) {
    // Listened for before it is asked, or what comes true between the two would be heard by nobody.
    const woken = left > 0 ? wake(Math.min(everyMs, left)) : undefined;
    const answer = await ask();
    left = end - clock();
    if (isEnough(answer) || left <= 0 || woken === undefined) return answer;
    await woken;
    left = Math.max(end - clock(), 0);
  }
}

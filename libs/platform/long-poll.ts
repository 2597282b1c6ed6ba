/** Waiting for something to come true, a bounded time: long polls, and answers that wait for the clerk. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './clock.js';

export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
  /** Machine time. */
  readonly clock: Clock;
}

/** Asks at once and then again and again; gives the first answer that is enough, or the last one when time is over. */
export async function askUntil<A>(
  ask: () => Promise<A>,
  isEnough: (answer: A) => boolean,
  { forMs, everyMs, clock }: Patience,
): Promise<A> {
  const end = clock() + forMs;
  for (;;) {
    const answer = await ask();
    const left = end - clock();
    if (isEnough(answer) || left <= 0) return answer;
    await wait(Math.min(everyMs, left));
  }
}

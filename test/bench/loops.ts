/**
 * Two ways to load. Closed: each connection asks again as soon as it is answered, which finds the most that a server
 * does. Open: questions become due at a fixed rate whether or not answers come, and a latency counts from the instant its
 * question was due, so that a server which stalls is not spared the questions of its stall (no coordinated omission).
 */
import type { Connection } from './connection.js';

/** One question to ask, and what to do with the answer. */
export interface Loaded {
  /** The whole request; undefined when there are no more, which ends the loop. */
  request(number: number): string | undefined;
  answer(number: number, status: number, body: Buffer, latencyMs: number): void;
  lost(number: number, reason: string): void;
}

/** Answers that are still to come when the time is over are waited for, and those beyond this are faults. */
const drainMs = 10_000;

/** Resolves when the time is over and everything asked is answered. */
export async function closedLoop(
  connections: readonly Connection[],
  ms: number,
  load: Loaded,
): Promise<void> {
  const end = performance.now() + ms;
  let sent = 0;
  const lane = (connection: Connection): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        const at = performance.now();
        const number = sent;
        const request = at < end ? load.request(number) : undefined;
        if (request === undefined) return resolve();
        sent += 1;
        const answered = (status: number, body: Buffer): void => {
          load.answer(number, status, body, performance.now() - at);
          next();
        };
        // A lost connection is a fault of the run; the others go on, to see whether it was the only one.
        connection.send(request, answered, (reason) => resolve(load.lost(number, reason)));
      };
      next();
    });
  await Promise.all(connections.map(lane));
}

/** The same at `perSecond` questions a second, on whichever connection is free. */
export function openLoop(
  connections: readonly Connection[],
  ms: number,
  perSecond: number,
  load: Loaded,
): Promise<void> {
  const total = Math.floor((perSecond * ms) / 1000);
  const startedAt = performance.now();
  const dueAt = (number: number): number => startedAt + (number * 1000) / perSecond;
  const idle = [...connections];
  let sent = 0;
  let open = 0;
  return new Promise((resolve) => {
    const dispatch = (): void => {
      const now = performance.now();
      for (; sent < total && idle.length > 0 && dueAt(sent) <= now; sent += 1) ask(sent);
    };
    const ask = (number: number): void => {
      const connection = idle.pop();
      const request = load.request(number);
      if (connection === undefined || request === undefined) return load.lost(number, 'nothing to ask with');
      open += 1;
      const answered = (status: number, body: Buffer): void => {
        open -= 1;
        idle.push(connection);
        load.answer(number, status, body, performance.now() - dueAt(number));
        dispatch();
      };
      connection.send(request, answered, (reason) => {
        open -= 1;
        load.lost(number, reason);
      });
    };
    const timer = setInterval(() => {
      dispatch();
      const isLate = performance.now() > startedAt + ms + drainMs;
      const isOver = (sent === total && open === 0) || (idle.length === 0 && open === 0);
      if (!isOver && !isLate) return;
      clearInterval(timer);
      for (; sent < total; sent += 1) load.lost(sent, 'never sent');
      if (isLate && open > 0) load.lost(sent, `${String(open)} without an answer`);
      resolve();
    }, 1);
  });
}

/** Waiting for what another process does: asked again until it holds, and a failed test when it never does. */
import { setTimeout as wait } from 'node:timers/promises';

const askEveryMs = 50;

/**
 * The first value that `holds`.
 * @throws Error naming `what` when none came within `withinMs`.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await wait(askEveryMs);
  }
}

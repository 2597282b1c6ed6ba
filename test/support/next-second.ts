/** Waits for the clock, where a time stamp of whole seconds must differ from one before. */
import { eventually } from './eventually.js';

/** Tokens count in whole seconds: one of the second of a suspension has ended (401), a later one is told of it (403). */
export async function nextSecond(): Promise<void> {
  const second = (): number => Math.floor(Date.now() / 1000);
  const before = second();
  await eventually(
    'the next second',
    async () => second(),
    (now) => now > before,
  );
}

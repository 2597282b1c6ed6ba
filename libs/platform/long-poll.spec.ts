import { describe, expect, it } from '@jest/globals';
import { askUntil } from './long-poll.js';

/** A clock on which a millisecond passes with each look. */
const ticking = (): (() => number) => {
  let now = 0;
  return () => now++;
};
const numbers = (): (() => Promise<number>) => {
  let asked = 0;
  return () => Promise.resolve(++asked);
};

describe('asking until an answer is enough', () => {
  it('asks once when the first answer is enough, or when there is no time', async () => {
    const enough = await askUntil(numbers(), () => true, { forMs: 1000, everyMs: 1, clock: ticking() });
    const hurried = await askUntil(numbers(), () => false, { forMs: 0, everyMs: 1, clock: ticking() });
    expect([enough, hurried]).toEqual([1, 1]);
  });

  it('gives the first answer that is enough', async () => {
    const patience = { forMs: 1000, everyMs: 1, clock: ticking() };
    expect(await askUntil(numbers(), (answer) => answer === 3, patience)).toBe(3);
  });

  it('gives the last answer when time is over, and lets a failure through', async () => {
    const patience = (): Parameters<typeof askUntil>[2] => ({ forMs: 5, everyMs: 1, clock: ticking() });
    expect(await askUntil(numbers(), () => false, patience())).toBeLessThanOrEqual(6);
    const failing = askUntil(
      () => Promise.reject(new Error('gone')),
      () => false,
      patience(),
    );
    await expect(failing).rejects.toThrow('gone');
  });
});

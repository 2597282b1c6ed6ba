import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { askUntil, LongPolls } from './long-poll.js';

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

describe('the place of a call that waits', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const polls = () => new LongPolls({ perParty: 1, inAll: 10 });
  const caller = () => {
    const socket = Object.assign(new EventEmitter(), { destroyed: false });
    const request = { raw: { socket } } as unknown as Pick<FastifyRequest, 'raw'>;
    return { request, leave: () => socket.emit('close') };
  };
  const untilGone = (gone: AbortSignal): Promise<void> =>
    new Promise((resolve) => gone.addEventListener('abort', () => resolve()));

  it('is free when it is answered', async () => {
    const at = polls();
    for (let times = 0; times < 3; times += 1)
      expect(await at.wait(caller().request, 'a-bank', () => Promise.resolve('told'))).toBe('told');
  });

  it('is taken for a second at least when its caller leaves, so that leaving opens no more polls', async () => {
    const at = polls();
    const { request, leave } = caller();
    const waiting = at.wait(request, 'a-bank', untilGone);
    jest.advanceTimersByTime(50);
    leave();
    await waiting;
    const next = () => at.wait(caller().request, 'a-bank', () => Promise.resolve('told'));
    jest.advanceTimersByTime(949);
    await expect(next()).rejects.toMatchObject({ code: 'too-many-requests', retryAfterS: 1 });
    jest.advanceTimersByTime(1);
    expect(await next()).toBe('told');
  });
});

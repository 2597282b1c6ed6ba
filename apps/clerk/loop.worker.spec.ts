import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { begin, loop } from './loop.worker.js';

/** Runs the loop over these turns; a turn that is an error throws it, and the last one ends the loop. */
async function turns(...outcomes: readonly (Error | 'done')[]): Promise<string[]> {
  const stopping = new AbortController();
  const lines: string[] = [];
  const log = {
    info: (_record: object, message: string) => void lines.push(message),
    error: (record: object, message: string) => void lines.push(`${message}: ${JSON.stringify(record)}`),
  } as unknown as Logger;
  let turn = 0;
  const act = async (): Promise<void> => {
    const outcome = outcomes[turn];
    turn += 1;
    if (turn === outcomes.length) stopping.abort();
    if (outcome instanceof Error) throw outcome;
  };
  await loop({ name: 'test', everyMs: 0, act }, log, stopping.signal);
  expect(turn).toBe(outcomes.length);
  return lines.map((line) => line.replace(/"at":\[.*?\]/, ''));
}

describe('duties under way together', () => {
  it('stop together, and gather no listeners on one signal', async () => {
    const signals: AbortSignal[] = [];
    const duty = {
      name: 'test',
      everyMs: 60_000,
      act: (signal: AbortSignal) => Promise.resolve(signals.push(signal)),
    };
    const duties = begin(
      Array.from({ length: 12 }, () => duty),
      {} as Logger,
    );
    await duties.stop();
    expect(new Set(signals).size).toBe(12);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });
});

describe('a duty', () => {
  it('goes on after failures, which are told once in a row, and their end', async () => {
    const lines = await turns(
      'done',
      new Error('away'),
      new Error('away'),
      'done',
      'done',
      new Error('away'),
    );
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'a duty failed',
      'a duty is done again',
      'a duty failed',
    ]);
  });

  it('tells another failure in the same row', async () => {
    expect(await turns(new Error('one'), new Error('two'), new Error('two'))).toHaveLength(2);
  });

  it('is not begun when the process is stopping', async () => {
    const stopping = AbortSignal.abort();
    const act = () => Promise.reject(new Error('begun'));
    const log = { error: () => expect('begun').toBe('never') } as unknown as Logger;
    await expect(loop({ name: 'test', everyMs: 0, act }, log, stopping)).resolves.toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { inTurns } from '#libs/platform/in-turns.js';
import type { ChecksService, Made } from '../checks/checks.service.js';
import type { CheckLimits } from '../limits/check-limits.service.js';
import { parseBatch } from './batch-items.js';
import { CheckBatchesService } from './check-batches.service.js';

/** Checks that are answered when they are told to. */
function scene() {
  const waiting: (() => void)[] = [];
  const submit = (): Promise<Made> =>
    new Promise((resolve) => waiting.push(() => resolve({ answer: '{"verdict":"clear"}' })));
  // Nothing is read: no item was made before.
  const dataSource = { manager: { query: () => Promise.resolve([]) } } as unknown as DataSource;
  const limits = { closedFor: () => undefined } as unknown as CheckLimits;
  const checks = { submit } as unknown as ChecksService;
  const batches = new CheckBatchesService(checks, dataSource, 'http://log', limits);
  const make = (clientId: string, count: number) =>
    batches.make({
      ...{ clientId, requestId: 'r', idempotent: { key: 'a-key-of-it', bodyHmac: Buffer.alloc(32) } },
      body: { items: Array.from({ length: count }, (_, place) => itemOf(place)) },
    });
  const answer = async (all: Promise<unknown>): Promise<void> => {
    let isDone = false;
    void all.finally(() => (isDone = true)).catch(() => undefined);
    while (!isDone) {
      for (const each of waiting.splice(0)) each();
      await new Promise(setImmediate);
    }
  };
  return { make, answer };
}

const itemOf = (place: number) => ({
  ...{ ref: `r-${place}`, iin: '061313294730', product: 'bank-loan', stage: 'decision' },
  loanRef: `L-${place}`,
});

describe('a batch', () => {
  it('lets other calls be heard between a few of its items', async () => {
    let [heard, isDone] = [0, false];
    const others = (): void => {
      heard += 1;
      if (!isDone) setImmediate(others);
    };
    setImmediate(others);
    const values = Array.from({ length: 640 }, (_, place) => itemOf(place));
    const items = await parseBatch(values, 'a-key-of-it', inTurns);
    isDone = true;
    expect(items.map(({ ref }) => ref)).toEqual(Array.from({ length: 640 }, (_, place) => `r-${place}`));
    expect(heard).toBeGreaterThanOrEqual(2 * 9);
  });
});

describe('the batches of a lender', () => {
  it('take no place of another’s: 429 beyond ten thousand items of its own, and room for the others', async () => {
    const { make, answer } = scene();
    const large = make('a-bank', 9_000);
    await expect(make('a-bank', 1_001)).rejects.toMatchObject({ code: 'too-many-requests', retryAfterS: 5 });
    const small = make('a-bank', 1_000);
    const others = ['b', 'c', 'd'].map((each) => make(each, 10_000));
    await expect(make('e', 1)).rejects.toMatchObject({ code: 'registry-unavailable' });
    await answer(Promise.all([large, small, ...others]));
    await answer(Promise.all([make('a-bank', 10_000), make('e', 1)]));
  });
});

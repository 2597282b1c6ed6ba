import { describe, expect, it } from '@jest/globals';
import { Lanes } from './lanes.js';

const filled = (single: number, bulk: number): Lanes<string> => {
  const lanes = new Lanes<string>({ single: 100, bulk: 100 });
  for (let n = 0; n < bulk; n += 1) lanes.add('bulk', `b${n}`);
  for (let n = 0; n < single; n += 1) lanes.add('single', `s${n}`);
  return lanes;
};

describe('the lanes of the writer', () => {
  it.each([
    ['nothing', 0, 0, []],
    ['singles alone fill a batch', 9, 0, ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7']],
    ['bulk alone fills a batch', 0, 9, ['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7']],
    ['a quarter stays for the bulk', 9, 9, ['s0', 's1', 's2', 's3', 's4', 's5', 'b0', 'b1']],
    ['what singles leave is the bulk’s', 3, 9, ['s0', 's1', 's2', 'b0', 'b1', 'b2', 'b3', 'b4']],
    ['what the bulk leaves is the singles’', 9, 1, ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 'b0']],
  ])('%s', (_, single, bulk, batch) => {
    expect(filled(single, bulk).take(8)).toEqual(batch);
  });

  it('keep the order of arrival over batches and lose nothing', () => {
    const lanes = filled(10, 10);
    const taken = [lanes.take(8), lanes.take(8), lanes.take(8)].flat();
    expect(lanes.size).toBe(0);
    for (const lane of ['s', 'b'])
      expect(taken.filter((item) => item.startsWith(lane))).toEqual(
        Array.from({ length: 10 }, (_, n) => `${lane}${n}`),
      );
  });

  it('are bounded each for itself', () => {
    const lanes = new Lanes<number>({ single: 1, bulk: 2 });
    lanes.add('bulk', 1);
    lanes.add('bulk', 2);
    expect([lanes.hasRoom('bulk'), lanes.hasRoom('single')]).toEqual([false, true]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Lanes } from './lanes.js';

const besideSingles = 3;
const empty = (): Lanes<string> => new Lanes<string>({ single: 100, bulk: 100 }, besideSingles);
const filled = (single: number, bulk: number, lanes = empty()): Lanes<string> => {
  for (let n = 0; n < bulk; n += 1) lanes.add('bulk', 'p', `b${n}`);
  for (let n = 0; n < single; n += 1) lanes.add('single', 'p', `s${n}`);
  return lanes;
};

describe('the lanes of the writer', () => {
  it.each([
    ['nothing', 0, 0, []],
    ['singles alone fill a batch', 9, 0, ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7']],
    ['bulk alone fills a batch', 0, 9, ['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7']],
    ['a quarter stays for the bulk', 9, 9, ['s0', 's1', 's2', 's3', 's4', 's5', 'b0', 'b1']],
    ['beside a few singles the bulk has a part', 3, 9, ['s0', 's1', 's2', 'b0', 'b1', 'b2']],
    ['what the bulk leaves is the singles’', 9, 1, ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 'b0']],
  ])('%s', (_, single, bulk, batch) => {
    expect(filled(single, bulk).take(8)).toEqual(batch);
  });

  it('keep the bulk to a part until sixteen batches had no single', () => {
    const lanes = filled(1, 90);
    const lengths = Array.from({ length: 18 }, () => lanes.take(8).length);
    expect(lengths).toEqual([4, ...Array.from({ length: 15 }, () => 3), 8, 8]);
  });

  it('keep the order of arrival over batches and lose nothing', () => {
    const lanes = filled(10, 10);
    const taken = [lanes.take(8), lanes.take(8), ...lanes.takeAll()].flat();
    expect(lanes.size).toBe(0);
    for (const lane of ['s', 'b'])
      expect(taken.filter((item) => item.startsWith(lane))).toEqual(
        Array.from({ length: 10 }, (_, n) => `${lane}${n}`),
      );
  });

  it('take the single of one party right behind one single of another’s backlog, and so the bulk', () => {
    const lanes = filled(50, 50);
    lanes.add('single', 'q', 'q-single');
    lanes.add('bulk', 'q', 'q-bulk');
    expect(lanes.take(8)).toEqual(['s0', 'q-single', 's1', 's2', 's3', 's4', 'b0', 'q-bulk']);
  });

  it('are bounded each for itself, and half of each for one party', () => {
    const lanes = new Lanes<number>({ single: 1, bulk: 4 }, besideSingles);
    lanes.add('bulk', 'p', 1);
    lanes.add('bulk', 'p', 2);
    expect(['p', 'q', ''].map((party) => lanes.hasRoomFor('bulk', party))).toEqual([false, true, true]);
    lanes.add('bulk', 'q', 3);
    lanes.add('bulk', 'q', 4);
    expect([lanes.hasRoom('bulk'), lanes.hasRoom('single')]).toEqual([false, true]);
  });
});

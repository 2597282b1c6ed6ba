import { describe, expect, it } from '@jest/globals';
import { reportOf, sharedReadiness, type ReadinessReport } from './readiness.js';

const ready: ReadinessReport = { ok: true, problems: [] };
const down: ReadinessReport = { ok: false, problems: ['database'] };

/** A readiness whose looks are answered by hand, on a clock that is moved by hand. */
function scene() {
  const looks: { resolve(report: ReadinessReport): void; reject(error: Error): void }[] = [];
  const time = { now: 0 };
  const ask = sharedReadiness(() => new Promise((resolve, reject) => looks.push({ resolve, reject })), {
    ...{ freshMs: 1000, patienceMs: 20, clock: () => time.now },
  });
  return { ask, looks, time };
}

describe('a readiness that everybody may ask', () => {
  it('is looked at once for all who ask at once, and they get one answer', async () => {
    const { ask, looks } = scene();
    const asking = Array.from({ length: 500 }, ask);
    expect(looks).toHaveLength(1);
    looks[0]?.resolve(ready);
    expect(new Set(await Promise.all(asking))).toEqual(new Set([ready]));
  });

  it('is looked at again a second after the last look began, and not before', async () => {
    const { ask, looks, time } = scene();
    const first = ask();
    time.now = 400;
    looks[0]?.resolve(ready);
    await first;
    time.now = 999;
    expect(await ask()).toBe(ready);
    expect(looks).toHaveLength(1);
    time.now = 1000;
    const second = ask();
    expect(looks).toHaveLength(2);
    looks[1]?.resolve({ ok: false, problems: ['clock'] });
    expect(await second).toEqual({ ok: false, problems: ['clock'] });
  });

  it('that hangs is no readiness after a bound, for each who asks, and no second look begins beside it', async () => {
    const { ask, looks, time } = scene();
    expect(await ask()).toEqual(down);
    time.now = 60_000;
    expect(await Promise.all([ask(), ask()])).toEqual([down, down]);
    expect(looks).toHaveLength(1);
    looks[0]?.resolve(ready);
    await new Promise(setImmediate);
    const again = ask();
    expect(looks).toHaveLength(2);
    looks[1]?.resolve(ready);
    expect(await again).toBe(ready);
  });

  it('that cannot be asked is no readiness', async () => {
    const { ask, looks } = scene();
    const asking = ask();
    looks[0]?.reject(new Error('no connection'));
    expect(await asking).toEqual(down);
  });

  it('is one for every port of the process', async () => {
    let looks = 0;
    const readiness = (): Promise<ReadinessReport> => {
      looks += 1;
      return Promise.resolve(ready);
    };
    await Promise.all([reportOf(readiness), reportOf(readiness)]);
    expect(looks).toBe(1);
  });
});

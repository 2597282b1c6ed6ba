import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { CallerLines } from './caller-lines.js';
import { metrics } from './metrics.js';

interface Line {
  readonly level: string;
  readonly record: object;
}

function scene() {
  const lines: Line[] = [];
  const at = (level: string) => (record: object) => void lines.push({ level, record });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  const callers = new CallerLines(log as never, { plain: {} });
  const raw = (remoteAddress: string) =>
    ({ socket: { remoteAddress }, headers: {} }) as unknown as IncomingMessage;
  const refused = (address: string, times: number, party?: object): void => {
    for (let count = 0; count < times; count += 1)
      callers.of({ raw: raw(address), ...(party && { party }) }).info({ address }, 'a request was refused');
  };
  return { lines, callers, refused };
}

const leftOut = async (): Promise<number> => {
  const found = (await metrics.getMetricsAsJSON()).find(
    ({ name }) => name === 'tyiym_log_lines_left_out_total',
  );
  return found?.values[0]?.value ?? 0;
};

describe('lines about callers', () => {
  it('of a known party all stay', () => {
    const { lines, callers, refused } = scene();
    refused('203.0.113.1', 500, { clientId: 'a-bank' });
    callers.tell();
    expect(lines).toHaveLength(500);
  });

  it('that are not known are ten a minute for an address, and one that says how many more there were', async () => {
    const { lines, callers, refused } = scene();
    const before = await leftOut();
    refused('203.0.113.1', 100_000);
    refused('203.0.113.2', 3);
    expect(lines).toHaveLength(13);
    callers.tell();
    expect(lines.slice(13)).toEqual([{ level: 'warn', record: { address: '203.0.113.1', leftOut: 99_990 } }]);
    expect((await leftOut()) - before).toBe(99_990);
    refused('203.0.113.1', 20);
    expect(lines).toHaveLength(24);
  });

  it('of whom an address is made anew for each request are bounded, too, and each is counted', () => {
    const { lines, callers, refused } = scene();
    for (let net = 0; net < 20_000; net += 1)
      refused(`2001:db8:${(net >> 8).toString(16)}:${net & 255}::1`, 2);
    const written = lines.length;
    callers.tell();
    const counted = lines.slice(written).map(({ record }) => (record as { leftOut: number }).leftOut);
    expect(written).toBe(300);
    expect(counted.length).toBeLessThanOrEqual(257);
    expect(counted.reduce((sum, count) => sum + count, written)).toBe(40_000);
  });

  it('count anew in the next minute, in which nothing is told of the one before', () => {
    const { lines, callers, refused } = scene();
    refused('203.0.113.1', 11);
    callers.tell();
    callers.tell();
    expect(lines).toHaveLength(11);
  });
});

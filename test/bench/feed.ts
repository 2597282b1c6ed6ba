/** `npm run bench -- --feed`: from a signed placing to the stamps of both bureaus, and how fast they catch up. */
import { parseArgs } from 'node:util';
import { catchUp } from './feed-catch-up.js';
import { latencies, type Latency } from './feed-latency.js';
import { contestants } from './contestants.js';
import { setStage, type Stage } from './stage.js';

const connections = 64;
const roundMs = 5000;

const { values } = parseArgs({
  options: {
    feed: { type: 'boolean' },
    placings: { type: 'string', default: '1000' },
    items: { type: 'string', default: '30000' },
  },
});
const [placings, items] = [Number(values.placings), Number(values.items)];
const stage = await setStage({});
try {
  if (placings > 0) {
    console.log(line('idle', await latencies(stage.sandbox, { count: placings, first: 0 })));
    const { loaded, checks } = await beside(stage, () =>
      latencies(stage.sandbox, { count: placings, first: placings }),
    );
    console.log(line(`beside ${String(Math.round(checks))} checks a second`, loaded));
  }
  if (items > 0) {
    const { bureaus, memory, cpu } = await catchUp(stage.sandbox, items, 2 * placings);
    for (const { bureau, perSecond, stampedPerSecond } of bureaus)
      console.log(
        `${bureau} caught up ${String(items)} items at ${perSecond.toFixed(0)} a second, stamped at ${stampedPerSecond.toFixed(0)}`,
      );
    for (const { at, mb } of memory) console.log(`memory at ${at}: ${listed(mb, 'MB')}`);
    console.log(`processor time an item: ${listed(cpu, 'µs')}`);
  }
} finally {
  await stage.close();
}
process.disconnect?.();

function listed(values: Readonly<Record<string, number>>, unit: string): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value.toFixed(0)} ${unit}`)
    .join(', ');
}

function line(name: string, { count, p50, p99, max }: Latency): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return `signature to both stamps, ${name}: ${String(count)} placings, p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(max)}`;
}

/** Lenders ask as fast as they are answered until `act` is over. */
async function beside(
  on: Stage,
  act: () => Promise<Latency>,
): Promise<{ readonly loaded: Latency; readonly checks: number }> {
  const hammer = contestants([connections]).find(({ name }) => name === 'mtls');
  if (hammer === undefined) throw new Error('nobody asks over mutual TLS');
  let isOver = false;
  const rates: number[] = [];
  const load = (async () => {
    while (!isOver) {
      const { answered, seconds } = await hammer.turn(on, roundMs, () => 0);
      rates.push(answered / seconds);
    }
  })();
  const loaded = await act().finally(() => (isOver = true));
  await load;
  return { loaded, checks: rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
}

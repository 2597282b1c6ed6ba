/** Rounds summed up as a table for people and as JSON for programs: medians, and from the worst to the best round. */
import type { Beside, Round } from './job.js';

export interface Row {
  readonly name: string;
  readonly connections: number;
  readonly rounds: readonly Round[];
}

/** What is printed of a row; latencies in milliseconds, processor time in microseconds a check. */
export interface Summary {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly spread: readonly [number, number];
  readonly p50: number;
  readonly p99: number;
  readonly worstP99: number;
  readonly cpu: { readonly node: number; readonly postgres: number; readonly client: number };
  readonly verified: number;
  readonly failed: number;
  readonly faults: Readonly<Record<string, number>>;
  /** What was done meanwhile, in words. */
  readonly beside?: string;
}

export function summaryOf({ name, connections, rounds }: Row): Summary {
  const rates = rounds.map(rateOf);
  const each = (part: 'node' | 'postgres' | 'client'): number =>
    round(median(rounds.map(({ cpu, answered }) => (cpu[part] * 1e6) / Math.max(answered, 1))), 1);
  const faults = faultsOf(rounds);
  return {
    ...{ name, connections, faults },
    perSecond: Math.round(median(rates)),
    spread: [Math.round(Math.min(...rates)), Math.round(Math.max(...rates))],
    p50: round(median(rounds.map(({ p50 }) => p50)), 2),
    p99: round(median(rounds.map(({ p99 }) => p99)), 2),
    worstP99: round(Math.max(...rounds.map(({ p99 }) => p99)), 2),
    cpu: { node: each('node'), postgres: each('postgres'), client: each('client') },
    verified: rounds.reduce((sum, one) => sum + one.verified, 0),
    failed: Object.values(faults).reduce((sum, count) => sum + count, 0),
    ...besideOf(rounds),
  };
}

function besideOf(rounds: readonly Round[]): Pick<Summary, 'beside'> {
  const some = rounds.flatMap(({ beside }) => (beside === undefined ? [] : [beside]));
  const [first] = some;
  if (first === undefined) return {};
  const of = (part: (one: Beside) => number): string => median(some.map(part)).toFixed(1);
  const rate = of(({ answered, seconds }) => answered / seconds);
  const micros = of(({ cpu, answered }) => (cpu * 1e6) / Math.max(answered, 1));
  const latency = `p50 ${of(({ p50 }) => p50)} ms, p99 ${of(({ p99 }) => p99)} ms`;
  return {
    beside: `${rate} ${first.what} a second meanwhile, ${latency}, ${micros} µs of their process each`,
  };
}

/** What was wrong in all of them, and how often. */
export function faultsOf(rounds: readonly Round[]): Readonly<Record<string, number>> {
  const faults: Record<string, number> = {};
  for (const one of rounds)
    for (const [what, count] of Object.entries(one.faults)) faults[what] = (faults[what] ?? 0) + count;
  return faults;
}

/** Good answers a second. */
export function rateOf({ answered, seconds }: Round): number {
  return answered / seconds;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper;
}

const heads = [
  ['', 9],
  ['conn.', 6],
  ['/s', 7],
  ['(worst–best)', 15],
  ['p50 ms', 8],
  ['p99 ms', 8],
  ['× bare', 7],
  ['× typeorm', 10],
  ['× mtls', 7],
  ['node', 7],
  ['postgres', 9],
  ['client µs', 10],
  ['verified', 9],
  ['wrong', 6],
] as const;

export function table(all: readonly Summary[]): string {
  const lines = all.map((one) => {
    const times = (name: string): string => {
      const other = all.find((some) => some.name === name && some.connections === one.connections);
      return other === undefined || other.perSecond === 0 ? '' : (one.perSecond / other.perSecond).toFixed(3);
    };
    return [
      ...[one.name, one.connections, one.perSecond, `${String(one.spread[0])}–${String(one.spread[1])}`],
      ...[one.p50.toFixed(2), one.p99.toFixed(2), times('bare'), times('typeorm'), times('mtls')],
      ...[one.cpu.node, one.cpu.postgres, one.cpu.client, one.verified, one.failed],
    ];
  });
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, place) => aligned(String(cell), place)).join(' ');
  const faults = all.flatMap(({ name, faults: some }) =>
    Object.entries(some).map(([what, count]) => `wrong · ${name} · ${what} · ${String(count)} times`),
  );
  const beside = all.flatMap(({ name, beside: some }) => (some === undefined ? [] : [`${name}: ${some}`]));
  return [line(heads.map(([head]) => head)), ...lines.map(line), ...beside, ...faults].join('\n');
}

function aligned(text: string, place: number): string {
  const width = heads[place]?.[1] ?? 0;
  return place === 0 ? text.padEnd(width) : text.padStart(width);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

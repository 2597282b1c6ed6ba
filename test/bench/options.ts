/** The words of the command line. */
import { parseArgs } from 'node:util';

export interface Options {
  /** Names of contestants, or their first words; none: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: readonly number[];
  /** Refusals and entries to load before anything is measured. */
  readonly load?: readonly [number, number];
  /** A folder in which the registry stays for the next run. */
  readonly home?: string;
  /** Seconds of one long load instead of rounds, for the memory that it takes. */
  readonly soak?: number;
  readonly isExplaining: boolean;
  readonly isJson: boolean;
  readonly isOnlyCorrect: boolean;
}

/** @throws Error in words for the person at the terminal */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      load: { type: 'string' },
      home: { type: 'string' },
      soak: { type: 'string' },
      explain: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      correct: { type: 'boolean', default: false },
    },
  });
  const isOnlyCorrect = values.correct;
  const connections = values.connections ?? (isOnlyCorrect ? '16' : '16,64,256');
  return {
    only: values.only.split(',').filter((name) => name !== ''),
    rounds: whole('--rounds', values.rounds ?? (isOnlyCorrect ? '1' : '3'), 1000),
    // Proofs are good for half a minute and are signed before the round.
    seconds: whole('--seconds', values.seconds ?? (isOnlyCorrect ? '1' : '5'), 20),
    connections: connections.split(',').map((text) => whole('--connections', text, 1024)),
    ...(values.load !== undefined && { load: sizesOf(values.load) }),
    ...(values.home !== undefined && { home: values.home }),
    ...(values.soak !== undefined && { soak: whole('--soak', values.soak, 86_400) }),
    ...{ isJson: values.json, isOnlyCorrect, isExplaining: values.explain },
  };
}

function sizesOf(text: string): readonly [number, number] {
  const [refusals = '', entries = ''] = text.split(',');
  return [whole('--load', refusals, 2 ** 24), whole('--load', entries, 1e9)];
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`${name} takes a whole number from 1 to ${String(most)}`);
  return value;
}

/**
 * The recorded corpus: what one commit of this project answered, wrote and published while `corpusScene` was played. A
 * later commit is judged by it: receipts, entries and heads must still verify, and the same scene must be answered in the
 * same shapes. It is recorded once a wire format and never to make a red test green (`test/integration/corpus.spec.ts`).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './answers.js';
import { GivenReceipts, type Given } from './receipt-audit.js';

export interface RecordedEntry {
  readonly index: number;
  readonly entry: string;
  /** Base64url: the seed of its salts, and its leaf hash. */
  readonly seed: string;
  readonly leafHash: string;
}

export interface RecordedHead {
  readonly size: number;
  readonly root: string;
  readonly jws: string;
}

/** What is the same for the whole corpus. */
export interface RecordedLog {
  readonly origin: string;
  readonly issuer: string;
  /** Seconds: a verifier's clock at the end of the scene. */
  readonly now: number;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly vkey: string;
  readonly witness: string;
  readonly checkpoint: string;
}

export interface Corpus {
  readonly log: RecordedLog;
  readonly entries: readonly RecordedEntry[];
  readonly heads: readonly RecordedHead[];
  readonly answers: readonly Answer[];
}

const folder = 'test/corpus';
const lists = ['entries', 'heads', 'answers'] as const;

/** Reads the recorded corpus. */
export function readCorpus(): Corpus {
  const lines = (name: string): unknown[] =>
    readFileSync(join(folder, `${name}.jsonl`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  const log = JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as RecordedLog;
  const [entries, heads, answers] = lists.map(lines) as [RecordedEntry[], RecordedHead[], StoredAnswer[]];
  return {
    ...{ log, entries, heads },
    answers: answers.map(({ iinsByRef, ...answer }) => ({ ...answer, iinsByRef: new Map(iinsByRef) })),
  };
}

type StoredAnswer = Omit<Answer, 'iinsByRef'> & { readonly iinsByRef: [unknown, string][] };

/** Replaces the recorded corpus. */
export function writeCorpus(corpus: Corpus): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'log.json'), `${JSON.stringify(corpus.log, undefined, 2)}\n`);
  const stored = {
    ...corpus,
    answers: corpus.answers.map((answer) => ({ ...answer, iinsByRef: [...(answer.iinsByRef ?? [])] })),
  };
  for (const name of lists)
    writeFileSync(
      join(folder, `${name}.jsonl`),
      stored[name].map((each) => `${JSON.stringify(each)}\n`).join(''),
    );
}

/** Each receipt that was answered, once, with the person it must be about. */
export function receiptsOf({ answers }: Pick<Corpus, 'answers'>): readonly Given[] {
  const given = new GivenReceipts().in(answers);
  return [...new Map(given.map((each) => [JSON.stringify(each.receipt), each])).values()];
}

/** By route and status, and by kind of entry: the members that occur with their types, and the headers of answers. */
export function shapesOf({ answers, entries }: Pick<Corpus, 'answers' | 'entries'>): Shapes {
  const shapes = new Map<string, Set<string>>();
  const add = (name: string, paths: readonly string[]): void => {
    const known = shapes.get(name) ?? new Set();
    for (const path of paths) known.add(path);
    shapes.set(name, known);
  };
  for (const { route, status, headers, text } of answers) {
    add(
      `${route} ${status}`,
      Object.keys(JSON.parse(headers) as object).map((name) => `header ${name}`),
    );
    add(`${route} ${status}`, text.startsWith('{') || text.startsWith('[') ? pathsOf(JSON.parse(text)) : []);
  }
  for (const { entry } of entries) {
    const value = JSON.parse(entry) as { readonly kind: string };
    add(value.kind, pathsOf(value));
  }
  return Object.fromEntries(
    [...shapes]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, paths]) => [name, [...paths].toSorted()]),
  );
}

export type Shapes = Readonly<Record<string, readonly string[]>>;

/** Each member as `/items/#/ref string`: elements of an array, and members named by an id, are one member `#`. */
function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null)
    return [`${path} ${value === null ? 'null' : typeof value}`];
  if (Array.isArray(value)) return [`${path} array`, ...value.flatMap((each) => pathsOf(each, `${path}/#`))];
  return [
    `${path} object`,
    ...Object.entries(value).flatMap(([name, each]) =>
      pathsOf(each, `${path}/${/\d/.test(name) && name.length > 20 ? '#' : name}`),
    ),
  ];
}

/**
 * What the sources say of one person, made into one answer: the refusal is in force if any of them says so, and wherever
 * they do not say the same, that is named. The person stands in none of it: references lead back to the sources.
 */
import { formatInstant, type Instant } from '#libs/journal/instant.js';
import { sourceNames, type SourceName } from './sources.js';

/** A line of a source, as far as sources can be compared by it. */
export interface SaidLine {
  readonly source: SourceName;
  /** Number of the line in its file, from 1, which is the header. */
  readonly line: number;
  readonly sourceRef: string;
  readonly isInForce: boolean;
  /** A bureau's day is its first instant. */
  readonly placedAt: Instant;
  /** The legal day of it, `yyyy-mm-dd`. */
  readonly placedOn: string;
}

/** One line a source at most. */
export type Sayings = ReadonlyMap<SourceName, SaidLine>;

/** How sources differ about a person whose refusal is in force. */
interface Difference {
  /** `missing`: a source does not know it; `state`: one says it was lifted; `day`: they name other days. */
  readonly differs: readonly ('missing' | 'state' | 'day')[];
  /** What each source says; null: nothing. */
  readonly said: Readonly<Partial<Record<SourceName, object | null>>>;
}

/** Which of two lines of one source about one person counts: the one that protects him more, and longer. */
export function stricter(one: SaidLine, other: SaidLine): SaidLine {
  if (one.isInForce !== other.isInForce) return one.isInForce ? one : other;
  return one.placedAt <= other.placedAt ? one : other;
}

/** The line by which the refusal is inherited: the earliest that says it is in force; undefined when none does. */
export function inheritedLine(sayings: Sayings): SaidLine | undefined {
  return sourceNames
    .flatMap((name) => sayings.get(name) ?? [])
    .filter(({ isInForce }) => isInForce)
    .reduce<SaidLine | undefined>(
      (best, line) => (best === undefined ? line : stricter(best, line)),
      undefined,
    );
}

/** @param sources those whose files were given. @returns undefined when they agree, or nobody says it is in force */
export function differenceOf(sayings: Sayings, sources: readonly SourceName[]): Difference | undefined {
  const standing = inheritedLine(sayings);
  if (standing === undefined) return undefined;
  const lines = sources.flatMap((name) => sayings.get(name) ?? []);
  const differs = [
    ...(lines.length < sources.length ? (['missing'] as const) : []),
    ...(lines.some(({ isInForce }) => !isInForce) ? (['state'] as const) : []),
    ...(lines.some(({ isInForce, placedOn }) => isInForce && placedOn !== standing.placedOn)
      ? (['day'] as const)
      : []),
  ];
  return differs.length === 0 ? undefined : { differs, said: saidBy(sources, sayings) };
}

/** What sources say of a person whose refusal the registry has taken over already, and cannot be made so any more. */
interface NotCarriedOut {
  /** `state`: all who name him say it was lifted; `instant`: the refusal that counts is of another instant. */
  readonly differs: readonly ('state' | 'instant')[];
  readonly said: Difference['said'];
  readonly here: { readonly placedAt: string };
}

/** @param hereSince instant of the refusal in the registry. @returns undefined when the sources say the same */
export function notCarriedOut(
  sayings: Sayings,
  sources: readonly SourceName[],
  hereSince: Instant,
): NotCarriedOut | undefined {
  const standing = inheritedLine(sayings);
  if (standing?.placedAt === hereSince) return undefined;
  return {
    differs: [standing === undefined ? 'state' : 'instant'],
    said: saidBy(sources, sayings),
    here: { placedAt: formatInstant(hereSince) },
  };
}

function saidBy(sources: readonly SourceName[], sayings: Sayings): Difference['said'] {
  return Object.fromEntries(sources.map((name) => [name, shown(sayings.get(name))]));
}

function shown(line: SaidLine | undefined): object | null {
  if (line === undefined) return null;
  const { sourceRef, line: number, isInForce, placedOn } = line;
  return { sourceRef, line: number, state: isInForce ? 'in-force' : 'lifted', placedOn };
}

/**
 * Harvesting: a lender that asks about people it lends nothing to, within its own quota. What betrays it is not how much
 * it asks, which large lenders do, but how many people it asks about per loan that follows, measured against lenders of
 * its kind; and asking again and again about one person, to learn when he lifts. A suspicion asks for a look and decides
 * nothing.
 */
import type { HarvestingRule, PerWindow } from '#libs/regime/rule-values.js';

export type Span = keyof PerWindow;
/** The same, and a day that has not ended, of which only the ceiling is judged. */
export type AlarmSpan = Span | 'today';

/** What a lender asked in a window. */
export interface Asking {
  /** Client id. */
  readonly lender: string;
  readonly kind: string;
  readonly checks: number;
  /** Different persons it asked about. */
  readonly people: number;
  /** Of them, those of whom it reported a loan since the window began. */
  readonly followed: number;
  /** Most checks about one person. */
  readonly repeats: number;
}

export type Reason = 'people-per-loan' | 'repeats';

export interface Suspicion {
  readonly reasons: readonly Reason[];
  /** Lenders of its kind that it was measured against. */
  readonly peers: number;
  /** Median of their people per loan, to two places; absent when there were too few. */
  readonly peersPerLoan?: number;
}

/** With fewer, one odd lender would be half of the measure. */
const fewestPeers = 3;

/** People asked about per loan that followed; without any, per one that might still. */
export function perLoan({ people, followed }: Pick<Asking, 'people' | 'followed'>): number {
  return people / Math.max(1, followed);
}

/** @param all what every lender asked in the same window, this one among them. @returns undefined when there is nothing odd. */
export function suspicionOf(
  asking: Asking,
  all: readonly Asking[],
  rule: HarvestingRule,
  span: Span,
): Suspicion | undefined {
  const atLeast = rule.peopleAtLeast[span];
  const peers = all.filter(
    // Who asked about a handful has no ratio worth the name.
    ({ lender, kind, people }) => lender !== asking.lender && kind === asking.kind && people * 10 >= atLeast,
  );
  const usual = peers.length < fewestPeers ? undefined : medianOf(peers.map(perLoan));
  const tooMany = usual === undefined ? rule.peoplePerLoan : usual * rule.timesPeers;
  const reasons: Reason[] = [
    ...(asking.people >= atLeast && perLoan(asking) >= tooMany ? (['people-per-loan'] as const) : []),
    ...(asking.repeats >= rule.repeats[span] ? (['repeats'] as const) : []),
  ];
  if (reasons.length === 0) return undefined;
  return {
    reasons,
    peers: peers.length,
    ...(usual !== undefined && { peersPerLoan: Math.round(usual * 100) / 100 }),
  };
}

/** Of an even number the mean of the two in the middle; `values` is not empty. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

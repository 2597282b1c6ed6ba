/**
 * How long answers took, as counts in buckets: what several processes measured adds up, and percentiles come of the sum.
 * Inside a bucket answers are taken to lie evenly, so a percentile is no more exact than its bucket is wide.
 */
import assert from 'node:assert/strict';

export interface Latencies {
  /** Upper bounds in milliseconds, rising. */
  readonly boundsMs: readonly number[];
  /** Answers in each bucket, and in one more for those beyond the last bound. */
  readonly counts: readonly number[];
}

/** The sum of what was measured; measurements in other buckets than the first one's are left out. */
export function sumOf(all: readonly Latencies[]): Latencies | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  const alike = all.filter(({ boundsMs }) => boundsMs.join() === first.boundsMs.join());
  const counts = first.counts.map((_, place) =>
    alike.reduce((sum, each) => sum + (each.counts[place] ?? 0), 0),
  );
  return { boundsMs: first.boundsMs, counts };
}

/** The time within which this part of the answers was given, 0 < part ≤ 1; undefined when there was none. */
export function percentileMs({ boundsMs, counts }: Latencies, part: number): number | undefined {
  assert(part > 0 && part <= 1, 'a part lies between 0 and 1');
  assert(counts.length === boundsMs.length + 1, 'a bucket for each bound, and one beyond');
  const wanted = part * counts.reduce((sum, count) => sum + count, 0);
  if (wanted === 0) return undefined;
  let before = 0;
  for (const [place, count] of counts.entries()) {
    const low = place === 0 ? 0 : (boundsMs[place - 1] ?? 0);
    // Beyond the last bound nothing is known but that it took longer.
    const high = boundsMs[place] ?? low;
    if (before + count >= wanted && count > 0) return low + ((wanted - before) / count) * (high - low);
    before += count;
  }
  return boundsMs.at(-1);
}

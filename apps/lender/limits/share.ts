/**
 * How the quota of a lender is shared out over the processes that answer checks. Each writes once a second what it was
 * asked for and what it holds, and none takes more than the others leave:
 *
 *     floor  = quota · 10 % / processes                          what each has without asking
 *     free   = quota − processes · floor
 *     target = floor + demand + (free − total) / processes       while the processes want no more than is free
 *            = floor + free · demand / total                     when they want more
 *     share  = min(target, quota − held by the others), at least the floor
 *
 * Shares are taken one process after another, under a lock, so their sum exceeds the quota by the floors of those that
 * began within the last second at most: never by more than a tenth. A lender that asked nothing of a process in its last
 * seconds has the floor there.
 */

/** What another process holds for a lender. */
export interface Claim {
  /** Checks asked for in its last second. */
  readonly demand: number;
  /** Checks a second it may answer. */
  readonly held: number;
}

export interface Sharing {
  readonly quota: number;
  /** That live, this one counted. */
  readonly processes: number;
  /** Of this process. */
  readonly demand: number;
  /** Of the others; one without a claim holds the floor. */
  readonly others: readonly Claim[];
  /** Whether the others have heard of this process: before that it takes the floor and nothing of theirs. */
  readonly isKnown: boolean;
}

const reserved = 0.1;

/** Checks a second a process may answer without having asked for them. */
export function floorOf(quota: number, processes: number): number {
  return processes === 1 ? quota : Math.max(1, Math.floor((quota * reserved) / processes));
}

/** Checks a second this process may answer until its next turn. */
export function shareOf({ quota, processes, demand, others, isKnown }: Sharing): number {
  const floor = floorOf(quota, processes);
  if (processes === 1 || !isKnown) return floor;
  const free = Math.max(0, quota - processes * floor);
  const total = others.reduce((sum, other) => sum + other.demand, demand);
  const part = total <= free ? demand + (free - total) / processes : (free * demand) / total;
  const silent = (processes - 1 - others.length) * floor;
  const left = others.reduce((rest, { held }) => rest - held, quota - silent);
  return Math.max(floor, Math.floor(Math.min(floor + part, left)));
}

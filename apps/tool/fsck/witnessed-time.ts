/**
 * Whether entries are dated when outsiders saw the log grow. A witness signs, at a time of its own clock, that a tree is
 * the largest it has seen: entries beyond that tree came later, entries within it earlier. An instant more than 10 s
 * outside of the two times around it was not the registry's to choose.
 */
import type { Finding } from './finding.js';

/** A tree that a witness saw, and when, in ms. */
export interface Seen {
  readonly size: number;
  readonly at: number;
}

/** An entry's place and instant in ms. */
export interface Dated {
  readonly index: number;
  readonly at: number;
}

const toleranceMs = 10_000;

/** Fed with entries and trees in the order of their places; trees before the entries beyond them. */
export class WitnessedTimes {
  private before: Seen | undefined;
  /** The entry with the latest instant since then: one that is too late is at least as late. */
  private latest: Dated | undefined;
  private isEarly = false;

  /** An entry beyond every tree that was seen so far. */
  readEntry(entry: Dated): readonly Finding[] {
    if (this.latest === undefined || entry.at >= this.latest.at) this.latest = entry;
    const isEarly = this.before !== undefined && entry.at < this.before.at - toleranceMs;
    // One finding for each stretch between two trees: a clock that was wrong was wrong for all of it.
    const found = isEarly && !this.isEarly ? [finding(entry.index, 'before', this.before)] : [];
    this.isEarly ||= isEarly;
    return found;
  }

  /** A tree that holds all entries read so far, and no other. */
  readTree(seen: Seen): readonly Finding[] {
    const { latest } = this;
    [this.before, this.latest, this.isEarly] = [seen, undefined, false];
    const isLate = latest !== undefined && latest.at > seen.at + toleranceMs;
    return isLate ? [finding(latest.index, 'after', seen)] : [];
  }
}

function finding(index: number, where: 'before' | 'after', seen: Seen | undefined): Finding {
  const seconds = toleranceMs / 1000;
  return {
    code: 'time-not-witnessed',
    index,
    what: `dated more than ${seconds} s ${where} a witness saw the tree of ${seen?.size ?? 0} entries`,
  };
}

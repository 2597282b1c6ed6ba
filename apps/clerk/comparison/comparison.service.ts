/**
 * Holds the refusals against the entries again and again, and the entries against what they said before. A difference is
 * a doubt, and while one stands nobody is answered: the owner of the database can blank entries and take away rows, and
 * what is missing would otherwise read as "clear".
 */
import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import {
  firstBlanked,
  groundOf,
  movesBetween,
  raiseDoubt,
  refusalsWithin,
  settleDoubt,
  standingDoubts,
  type DoubtKind,
} from './comparison.store.js';
import { boundsOf, Fold, itemLength, parts, standingOf } from './fold.js';

export interface ComparisonSettings {
  readonly tx: EntityManager;
  /** Machine time in milliseconds. */
  clock(): number;
  /** How much one turn does at most, so that a large registry is gone through by and by. */
  readonly atMost?: { readonly entries: number; readonly rows: number };
  onDoubt(kind: DoubtKind, what: string): void;
  onSettled(kind: DoubtKind): void;
}

/** Thirteen million refusals are compared in about nine minutes of turns each ten seconds. */
const usual = { entries: 200_000, rows: 250_000 };
const largestPage = { entries: 10_000, rows: 5000 };
const moveLength = itemLength + 2;
const foldAgainMs = 6 * 3_600_000;

export class ComparisonService {
  private readonly key = randomBytes(32);
  private readonly atMost: { readonly entries: number; readonly rows: number };
  private readonly entriesPage: number;
  private readonly rowsPage: number;
  private life: string | undefined;
  private fold: Fold;
  /** The same entries once more, from the first on. */
  private again: Fold;
  private againAt = -Infinity;
  /** What the second fold found the last time. */
  private changed: string | undefined;
  /** The part that is compared next, and whether those before it in this round were right. */
  private next = 0;
  private isRight = true;

  constructor(private readonly settings: ComparisonSettings) {
    this.atMost = settings.atMost ?? usual;
    this.entriesPage = Math.min(largestPage.entries, this.atMost.entries);
    this.rowsPage = Math.min(largestPage.rows, this.atMost.rows);
    this.fold = new Fold(this.key);
    this.again = new Fold(this.key);
  }

  /**
   * One turn: whether every entry is whole, and as many refusals and entries as a turn does. While a doubt stands nobody is
   * answered, so nothing is put off to a later turn: a doubt that somebody else wrote is proven or settled in this one.
   */
  async turn(signal: AbortSignal): Promise<void> {
    const { tx } = this.settings;
    if (this.changed !== undefined) await this.raise('entries-differ', this.changed);
    const inDoubt = await standingDoubts(tx);
    const atMost = inDoubt.length > 0 ? { entries: Infinity, rows: Infinity } : this.atMost;
    const blanked = await firstBlanked(tx);
    if (blanked === undefined) await this.settle('entries-blanked');
    else await this.raise('entries-blanked', `from entry ${blanked} on`);
    const { size, life } = await groundOf(tx);
    // Under a server that was started anew lies perhaps another copy, which its signer compares before anybody is answered.
    if (life !== this.life || size < this.fold.size) this.begin(life);
    if (!(await this.extend(this.fold, size, atMost.entries, signal))) return;
    await this.compareRows(atMost.rows, signal);
    const isDue = this.settings.clock() - this.againAt >= foldAgainMs;
    if (isDue || inDoubt.includes('entries-differ')) await this.foldAgain(atMost.entries, signal);
  }

  private begin(life: string): void {
    this.life = life;
    this.fold = new Fold(this.key);
    this.again = new Fold(this.key);
    this.againAt = -Infinity;
    this.changed = undefined;
    this.next = 0;
    this.isRight = true;
  }

  /** Folds entries below `size`. @returns whether all of them are in it now */
  private async extend(fold: Fold, size: number, atMost: number, signal: AbortSignal): Promise<boolean> {
    for (let done = 0; fold.size < size;) {
      if (done >= atMost || signal.aborted) return false;
      const page = await movesBetween(this.settings.tx, { from: fold.size, size, limit: this.entriesPage });
      const moves = page.moves ?? Buffer.alloc(0);
      for (let at = 0; at < moves.length; at += moveLength)
        fold.move(moves.subarray(at, at + itemLength), moves[at + itemLength + 1] === 1);
      fold.size = page.count < this.entriesPage || page.last === null ? size : page.last + 1;
      done += page.count;
    }
    return true;
  }

  /** The parts after those of the turn before: rows of one snapshot against the entries below its very size. */
  private async compareRows(atMost: number, signal: AbortSignal): Promise<void> {
    for (let rows = 0; rows < atMost && !signal.aborted;) {
      const from = this.next;
      const to = this.fold.runFrom(from, this.rowsPage);
      const expectedRows = this.fold.standing(from, to).count;
      // Far more rows than entries say are a difference as well, and are not all fetched.
      const limit = 2 * expectedRows + this.rowsPage;
      const seen = await refusalsWithin(this.settings.tx, { ...boundsOf(from, to), limit });
      if (seen.life !== this.life || seen.size < this.fold.size) return;
      if (!(await this.extend(this.fold, seen.size, Infinity, signal))) return;
      const said = this.fold.standing(from, to);
      const found = standingOf(this.key, seen.items ?? Buffer.alloc(0));
      if (said.count !== found.count || !said.digest.equals(found.digest)) {
        this.isRight = false;
        await this.raise(
          'refusals-differ',
          `parts ${from} to ${to - 1} of ${parts}: the entries say ${said.count} in force, the rows ${found.count}`,
        );
      }
      rows += found.count;
      this.next = to % parts;
      if (this.next > 0) continue;
      if (this.isRight) await this.settle('refusals-differ');
      this.isRight = true;
      return;
    }
  }

  /** A second fold, some entries a turn: an entry that was changed since the first makes the two differ. */
  private async foldAgain(atMost: number, signal: AbortSignal): Promise<void> {
    if (!(await this.extend(this.again, this.fold.size, atMost, signal))) return;
    const isSame = this.again.equals(this.fold);
    this.changed = isSame ? undefined : `entries below ${this.fold.size} no longer say what they said`;
    if (this.changed === undefined) await this.settle('entries-differ');
    else await this.raise('entries-differ', this.changed);
    this.again = new Fold(this.key);
    this.againAt = this.settings.clock();
  }

  private async raise(kind: DoubtKind, what: string): Promise<void> {
    if (await raiseDoubt(this.settings.tx, kind, what)) this.settings.onDoubt(kind, what);
  }

  private async settle(kind: DoubtKind): Promise<void> {
    if (await settleDoubt(this.settings.tx, kind)) this.settings.onSettled(kind);
  }
}

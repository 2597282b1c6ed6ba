/** Gathers the public figures. Asked often by many, answered from the same rows for a few seconds. */
import type { EntityManager } from 'typeorm';
import { verifyNote, type Vkey } from '#libs/tlog/note.js';
import { bureauFigures } from './bureau-figures.store.js';
import { figuresOf, type Figures } from './figures.js';
import { newestPublished, publicationLag, recentFigures, waitingNow, witnessedAt } from './figures.store.js';

const keptMs = 5000;

export class FiguresService {
  private kept: { readonly at: number; readonly figures: Promise<Figures> } | undefined;

  /**
   * @param witnesses whose lines count
   * @param clock machine time, ms
   */
  constructor(
    private readonly tx: EntityManager,
    private readonly witnesses: readonly Vkey[],
    private readonly clock: () => number,
  ) {}

  figures(): Promise<Figures> {
    const now = this.clock();
    if (this.kept === undefined || now - this.kept.at >= keptMs) {
      const kept = { at: now, figures: this.gather() };
      this.kept = kept;
      // Whoever waits for it is told; the next one asks anew.
      kept.figures.catch(() => (this.kept = undefined));
    }
    return this.kept.figures;
  }

  private async gather(): Promise<Figures> {
    const { tx, witnesses } = this;
    const quorum = witnesses.length === 0 ? 0 : Math.floor(witnesses.length / 2) + 1;
    const { waitingMs, now } = await waitingNow(tx);
    const newest = await newestPublished(tx);
    return figuresOf({
      ...{ now, waitingMs, quorum, newest },
      rows: await recentFigures(tx),
      publication: await publicationLag(tx),
      cosignatures: newest === undefined ? [] : cosignaturesOf(newest.note, witnesses),
      witnessedAt: quorum === 0 ? null : await witnessedAt(tx, quorum),
      bureaus: await bureauFigures(tx),
    });
  }
}

/** Whose lines of the note verify, and their times. */
function cosignaturesOf(
  note: string,
  witnesses: readonly Vkey[],
): readonly { readonly name: string; readonly time: number }[] {
  try {
    return verifyNote(note, witnesses).cosignatures;
  } catch {
    return [];
  }
}

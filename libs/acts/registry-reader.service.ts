/**
 * The registry as a process may believe it, kept in memory and brought up to date by the entries that came since. Asked
 * outside of the head's lock.
 */
import type { EntityManager } from 'typeorm';
import { actsBetween } from './acts.store.js';
import { afterEntry, NotBelieved, noBelief, type ActPins, type ActRow, type Belief } from './belief.js';

/** As far as is read. */
interface Known {
  readonly last: ActRow | undefined;
  readonly belief: Belief;
}

export interface ReadUpTo {
  /** Entries below this index; all there are unless said. */
  readonly size?: number;
  /** Registry time minus machine time; 0 unless said. */
  readonly offsetMs?: number;
}

export class RegistryReader {
  private known: Known = { last: undefined, belief: noBelief };

  constructor(private readonly pins: ActPins) {}

  /** The belief as of the newest read. */
  get belief(): Belief {
    return this.known.belief;
  }

  /**
   * What may be believed below an index.
   * @throws NotBelieved
   */
  async read(tx: EntityManager, upTo: ReadUpTo = {}): Promise<Belief> {
    const { size = Number.MAX_SAFE_INTEGER } = upTo;
    const before = this.known;
    const from = before.last?.index ?? 0;
    const rows = await actsBetween(tx, from, size);
    // A database that was put back holds other entries at the same places: everything is read again.
    const goesOn = before.last === undefined || isSame(rows[0], before.last);
    const after = goesOn
      ? await this.readOn(before, before.last === undefined ? rows : rows.slice(1), upTo)
      : await this.readOn(
          { last: undefined, belief: noBelief },
          from === 0 ? rows : await actsBetween(tx, 0, size),
          upTo,
        );
    // Of two reads at once the one that got further is kept.
    if (!goesOn || (after.last?.index ?? -1) >= (this.known.last?.index ?? -1)) this.known = after;
    return after.belief;
  }

  /** What keeps this process from being ready, and what its operator should know. */
  async doubts(
    tx: EntityManager,
    upTo: ReadUpTo = {},
  ): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> {
    try {
      const { faults, pending } = await this.read(tx, upTo);
      const waiting = pending.length > 0 ? [`${pending.length} acts wait for the clerk to verify them`] : [];
      return { problems: [], warnings: [...faults, ...waiting] };
    } catch (error) {
      if (!(error instanceof NotBelieved)) throw error;
      return { problems: [`acts: ${error.message}`], warnings: [] };
    }
  }

  private async readOn(before: Known, rows: readonly ActRow[], { offsetMs = 0 }: ReadUpTo): Promise<Known> {
    let { belief } = before;
    for (const row of rows) belief = await afterEntry(belief, row, this.pins, offsetMs);
    return { last: rows.at(-1) ?? before.last, belief };
  }
}

function isSame(row: ActRow | undefined, known: ActRow): boolean {
  return row?.index === known.index && row.entry === known.entry;
}

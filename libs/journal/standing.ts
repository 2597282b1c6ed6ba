/**
 * What a batch stands on when it looked while the one before was on its way: its look is one commit behind, and that
 * commit is this process's own, whose rows are known. Everything else is found out by the append, which compares.
 */
import { frontierToBytes } from '#libs/tlog/tree.js';
import type { Tables } from './act.js';
import { countersOf, type Batch } from './batch.js';
import type { Head } from './head-row.js';

/** The head that the append will compare, and the rows as they are at that head. */
export interface Standing {
  readonly head: Head;
  /** Table → key → row. */
  readonly found: ReadonlyMap<string, Map<string, unknown>>;
}

/** Where an append of this process ended. */
export interface Tip {
  /** Size of the Journal that it was compared with. */
  readonly from: number;
  readonly head: Head;
  /** Table → key → row: what it wrote. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
}

/** Where a committed batch ended that stood on this head. */
export function tipOf(
  head: Head,
  batch: Pick<Batch<Tables>, 'after' | 'root' | 'at' | 'entries' | 'rows'>,
): Tip {
  const { after, root, at, entries, rows } = batch;
  const moves = countersOf(entries);
  return {
    from: head.size,
    head: {
      ...head,
      size: after.size,
      root,
      frontier: frontierToBytes(after),
      stateVersion: head.stateVersion + moves.state,
      rulesVersion: head.rulesVersion + moves.rules,
      feedSeq: head.feedSeq + moves.feed,
      lastAt: at,
    },
    rows,
  };
}

/**
 * Joins a look with the append that ended after it was begun. A look that saw that append, or a foreign one behind it,
 * is whole in itself. One that saw exactly the head that the append was compared with lacks this process's own rows and
 * nothing else, because the compare let nobody in between. Any other look is behind, and the next append will say so.
 */
export function groundOf(look: Standing, tip: Tip | undefined): Standing {
  const { head, found } = look;
  const isOneBehind =
    tip?.from === head.size && head.stateVersion <= tip.head.stateVersion && head.size < tip.head.size;
  if (!isOneBehind) return { head, found };
  for (const [name, rows] of tip.rows) {
    const seen = found.get(name);
    for (const [key, row] of rows) seen?.set(key, row);
  }
  return { head: { ...tip.head, registryNow: head.registryNow }, found };
}

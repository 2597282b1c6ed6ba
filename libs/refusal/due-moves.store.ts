/** Asking the clerk, in the append itself: a lift or a return that no job would carry out cannot be committed. */
import type { Table } from '#libs/journal/act.js';

/** What the clerk is to look at again, and when. */
export interface DueMove {
  /** The entry that makes it due: `lift.requested`, or `refusal.lifted` when a return follows. */
  readonly entryIndex: number;
  /** Registry time, ms. */
  readonly due: number;
}

export const dueMovesTable: Table<never, DueMove> = {
  name: 'due_moves',
  keyOf: (move) => String(move.entryIndex),
  insert: {
    sql: `SELECT ask_clerk_to_move(u.entry_index, u.due)
      FROM unnest($1::bigint[], $2::timestamptz[]) AS u (entry_index, due)`,
    params: (moves) => [
      moves.map(({ entryIndex }) => entryIndex),
      moves.map(({ due }) => new Date(due).toISOString()),
    ],
  },
};

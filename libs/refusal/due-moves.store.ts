/**
 * What the clerk is asked to do at its hour: carry out the lift, or the return, that an entry makes due. The job is
 * added in the append itself, so there is no lift without its job; it holds an index and never a person.
 */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { formatInstant, type Instant } from '#libs/journal/instant.js';

export interface DueMove {
  /** Of the `lift.requested` that waits, or of the `refusal.lifted` after which the refusal returns. */
  readonly entryIndex: number;
  /** Registry time. */
  readonly dueAt: Instant;
}

const ask = 'ask_clerk_to_move(u.entry_index, u.due)';

/** For the rows of a decision: one job an entry, a newer ask for the same entry replaces the older. */
export const dueMovesTable: Table<never, DueMove> = {
  name: 'due_moves',
  keyOf: ({ entryIndex }) => String(entryIndex),
  insert: {
    sql: `SELECT ${ask} FROM unnest($1::bigint[], $2::timestamptz[]) AS u (entry_index, due)`,
    params: (moves) => [
      moves.map(({ entryIndex }) => entryIndex),
      moves.map(({ dueAt }) => formatInstant(dueAt)),
    ],
  },
};

/** The same outside of an append: for a job that came too early or was lost. */
export async function askClerkToMove(tx: EntityManager, { entryIndex, dueAt }: DueMove): Promise<void> {
  await tx.query('SELECT ask_clerk_to_move($1, $2)', [entryIndex, formatInstant(dueAt)]);
}

/**
 * A program: a lender's process of its own, told over the channel to its parent which database to use and what to ask.
 * It ends with its parent.
 */
import type { DatabaseTarget } from '#libs/platform/database.js';
import { asProblem } from '#libs/problem/as-problem.js';
import { lenderHere, type Lender } from './contenders.js';
import type { Told } from './history.js';

/** What the parent says first, and then. */
export interface LenderStart {
  readonly target: DatabaseTarget;
  readonly lookup: readonly (readonly [epoch: number, key: Buffer])[];
}
export interface LenderQuestion {
  readonly id: number;
  readonly key: string;
  readonly iin: string;
}
/** What it says: that it is there, and then each answer. */
export type LenderAnswer = { readonly id: number } & (
  { readonly told: Told } | { readonly code: string; readonly what: string }
);

let lender: Lender | undefined;

async function answer(question: LenderStart | LenderQuestion): Promise<LenderAnswer> {
  if ('target' in question) {
    const { target, lookup } = question;
    lender = await lenderHere({ target, lookup: new Map(lookup) });
    return { id: 0, told: { index: -1 } };
  }
  const { id, key, iin } = question;
  try {
    if (lender === undefined) throw new Error('asked before it was started');
    return { id, told: await lender.check(key, iin) };
  } catch (error) {
    return { id, code: asProblem(error).code, what: String(error) };
  }
}

process.on('disconnect', () => process.exit());
process.on('message', (questions: readonly (LenderStart | LenderQuestion)[]) => {
  for (const question of questions)
    answer(question).then(
      (said) => process.send?.(said),
      (error: unknown) => {
        throw error;
      },
    );
});

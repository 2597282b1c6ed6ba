/** Why nothing more is signed: the database holds another history than the one that was published. */

export type RefusalReason =
  | 'another origin'
  | 'shorter than what was published'
  | 'not the tree of its leaves'
  | 'not the tree that was published'
  | 'another root was published for this size';

/** What only people can settle: the old log is closed, never repaired. */
const advice: Readonly<Partial<Record<RefusalReason, string>>> = {
  'shorter than what was published':
    ': a log that lost entries is closed with log.broken, and a new one begins',
};

/** Reasons for which nobody may be answered from this database: what the world saw of it is not in it. */
const otherHistories: readonly RefusalReason[] = [
  'shorter than what was published',
  'not the tree that was published',
  'another root was published for this size',
];

/** The database holds another history than the one that was signed; `code` says how. */
export class SigningRefused extends Error {
  constructor(
    readonly code: RefusalReason,
    options?: ErrorOptions,
  ) {
    super(`the Journal is ${code}${advice[code] ?? ''}`, options);
    this.name = 'SigningRefused';
  }

  /** Whether the registry must not answer from this database until somebody has looked. */
  get isAnotherHistory(): boolean {
    return otherHistories.includes(this.code);
  }
}

/** @throws SigningRefused */
export function refuseUnless(holds: boolean, reason: RefusalReason): asserts holds {
  if (!holds) throw new SigningRefused(reason);
}

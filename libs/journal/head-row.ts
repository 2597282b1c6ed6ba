/** The one row whose lock is the order of the Journal, as it is read. */
import type { Instant } from './instant.js';

/** How readiness calls an offset where none may be. */
export const clockOffsetProblem = 'clock offset';

/** Whether a log is one of a sandbox, whose clock may be wound on; of every other the offset is 0. */
export function isOfSandbox(origin: string): boolean {
  return origin.startsWith('sandbox.');
}

/** The head row as a batch found it. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly stateVersion: number;
  readonly rulesVersion: number;
  readonly feedSeq: number;
  readonly lastAt: Instant;
  readonly clockOffsetMs: number;
  readonly keyChecks: Readonly<Record<string, string>>;
  /** Id of a live identity key → its check value. */
  readonly identityChecks: Readonly<Record<string, string>>;
  /** Registry time by the clock of the database. */
  readonly registryNow: Instant;
}

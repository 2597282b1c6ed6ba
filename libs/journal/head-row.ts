/** The one row whose lock is the order of the Journal, as it is read. */
import type { Instant } from './instant.js';

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
  /** Registry time by the clock of the database. */
  readonly registryNow: Instant;
}

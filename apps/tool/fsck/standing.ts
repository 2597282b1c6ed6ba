/** What is in force for one person, as a row of `refusals` says it and as the entries demand it. */
import type { Instant } from '#libs/journal/instant.js';
import type { SubjectKey } from '#libs/subject/subject.js';

/** A row of `refusals` as the entries demand it. */
export interface Standing {
  readonly subject: SubjectKey;
  readonly state: 'none' | 'in-force' | 'lift-pending';
  readonly version: number;
  readonly lockHours: number;
  readonly placedAt?: Instant;
  readonly liftRequestedAt?: Instant;
  readonly liftsAt?: Instant;
  readonly placeAgainAfterHours?: number;
  readonly placedAgainAt?: Instant;
  /** UUID of the lift.requested. */
  readonly requestedBy?: string;
  readonly requestIndex?: number;
  readonly movedLeaf: Buffer;
  readonly entryIndex: number;
}

/** The standing instruction "do not lend to me", as the entries before an instant left it. */
import type { SubjectKey } from '#libs/subject/subject.js';

export type RefusalState = 'none' | 'in-force' | 'lift-pending';

/** Instants in milliseconds of registry time. */
export interface Refusal {
  readonly subject: SubjectKey;
  readonly state: RefusalState;
  /** Rises by one with every placing and lifting; a person without a row has version 0. */
  readonly version: number;
  /** The lock in hours; kept after lifting, for a return. */
  readonly lockHours: number;
  readonly placedAt?: number;
  readonly liftRequestedAt?: number;
  readonly liftsAt?: number;
  readonly placeAgainAfterHours?: number;
  /** When a return is due (state none) or will be (lift pending). */
  readonly placedAgainAt?: number;
  /** UUID and index of the lift.requested entry that is pending or was carried out last. */
  readonly requestedBy?: string;
  readonly requestIndex?: number;
  /** Leaf hash of the newest entry that raised the version: `prev` of the next one. */
  readonly movedLeaf: Buffer;
  /** Index of the entry that wrote this last. */
  readonly entryIndex: number;
}

/** Whether lenders are told "refused": also while a lift is pending, whatever the clock says. */
export function isInForce(refusal: Pick<Refusal, 'state'> | undefined): boolean {
  return refusal !== undefined && refusal.state !== 'none';
}

/** A person's refusal as the person may see it. Members that do not apply are absent. */
import { formatInstant } from '#libs/journal/instant.js';
import type { Refusal, RefusalState } from '#libs/refusal/refusal.js';
import type { StampShown } from '#libs/refusal/stamp.js';

/** What a bureau did about the newest placing or lift. */
export interface StampStatus {
  readonly bureau: string;
  readonly state: StampShown['state'];
  readonly stampedAt?: string;
}

/** Instants in RFC 3339. */
export interface RefusalStatus {
  readonly state: RefusalState;
  readonly placedAt?: string;
  readonly lockHours?: number;
  readonly liftRequestedAt?: string;
  readonly liftsAt?: string;
  /** When a return is due, as a lift asked for. */
  readonly placedAgainAt?: string;
  /** 0: there never was one. */
  readonly version: number;
  /** One member per bureau; empty before a bureau could be told, and in kept answers, which stay as they were. */
  readonly stamps: readonly StampStatus[];
}

/** @param refusal undefined when there never was one */
export function statusOf(
  refusal: Omit<Refusal, 'subject' | 'movedLeaf' | 'entryIndex'> | undefined,
): RefusalStatus {
  if (refusal === undefined) return { state: 'none', version: 0, stamps: [] };
  const { state, placedAt, lockHours, liftRequestedAt, liftsAt, placedAgainAt, version } = refusal;
  return {
    state,
    ...(placedAt !== undefined && { placedAt: formatInstant(placedAt) }),
    // The lock of a refusal that was lifted matters only to its return, which shows it again.
    ...(state !== 'none' && { lockHours }),
    ...(liftRequestedAt !== undefined && { liftRequestedAt: formatInstant(liftRequestedAt) }),
    ...(liftsAt !== undefined && { liftsAt: formatInstant(liftsAt) }),
    ...(placedAgainAt !== undefined && { placedAgainAt: formatInstant(placedAgainAt) }),
    version,
    stamps: [],
  };
}

/** A status with what the bureaus did. */
export function withStamps(status: RefusalStatus, stamps: readonly StampShown[]): RefusalStatus {
  return {
    ...status,
    stamps: stamps.map(({ bureau, state, stampedAt }) => ({
      bureau,
      state,
      ...(stampedAt !== undefined && { stampedAt: formatInstant(stampedAt) }),
    })),
  };
}

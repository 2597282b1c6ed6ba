/**
 * How a signing key is rotated, as one step after the other: each is known from what is published and what lies in the
 * keys directory, so a rotation that was cut short goes on where it stopped. Both keys count from the publication of the
 * one to the retirement of the other; nothing is retired before its successor has signed.
 */
import type { SigningKeyRow } from '#libs/acts/registry.js';

/** What a rotation has come to, for one purpose. */
export interface Rotating {
  /** Published keys of this purpose. */
  readonly keys: readonly SigningKeyRow[];
  /** The key in the process's directory, and the one that waits beside it. */
  readonly inUse: string;
  readonly waiting?: string;
  /** Whether the key in use has signed what can be seen; undefined where nothing of it can. */
  readonly hasSigned?: boolean;
}

export type Step =
  /** Make the next key beside the one in use. */
  | { readonly step: 'make' }
  | { readonly step: 'publish'; readonly kid: string }
  /** Put the next key in its place, and start the process anew. */
  | { readonly step: 'activate'; readonly kid: string }
  /** The process still signs with the old one. */
  | { readonly step: 'restart'; readonly kid: string }
  | { readonly step: 'retire'; readonly kid: string };

/** @param at registry time */
export function nextStep({ keys, inUse, waiting, hasSigned }: Rotating, at: number): Step {
  const live = keys.filter((key) => isLive(key, at));
  const isPublished = (kid: string): boolean => live.some((key) => key.kid === kid);
  if (waiting !== undefined)
    return isPublished(waiting) ? { step: 'activate', kid: waiting } : { step: 'publish', kid: waiting };
  const older = live.filter(({ kid }) => kid !== inUse).toSorted((a, b) => a.fromSize - b.fromSize)[0];
  if (older === undefined || !isPublished(inUse)) return { step: 'make' };
  return hasSigned === false ? { step: 'restart', kid: inUse } : { step: 'retire', kid: older.kid };
}

/** Whether what the key signs at this instant counts. */
export function isLive(key: SigningKeyRow, at: number): boolean {
  return (
    key.notBefore <= at && at < Math.min(key.expiresAt, key.retiredAt ?? Infinity, key.revokedAt ?? Infinity)
  );
}

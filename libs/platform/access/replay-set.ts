/**
 * Identifiers that count once. Bounded, and when it is full it says so instead of forgetting: a set that drops its
 * oldest members under load is one an attacker empties before he replays.
 */
import { hash } from 'node:crypto';
import { Problem } from '#libs/problem/problem.js';

export interface ReplaySet {
  /**
   * Whether this is the first time; remembers it for `keptMs`.
   * @throws {Problem} `too-many-requests` when the set is full
   */
  isFirst(id: string, nowMs: number): boolean;
}

/** @param keptMs how long an identifier is remembered: as long as anything with it could still be accepted */
export function replaySet(keptMs: number, max = 1_000_000): ReplaySet {
  // Insertion order is the order of expiry, because each member is kept equally long.
  const expiries = new Map<string, number>();

  function forgetExpired(nowMs: number): void {
    for (const [id, expiresAt] of expiries) {
      if (expiresAt > nowMs) return;
      expiries.delete(id);
    }
  }

  function isFirst(id: string, nowMs: number): boolean {
    forgetExpired(nowMs);
    // Hashed, because the sender chooses how long an identifier is.
    const key = hash('sha256', id, 'base64url');
    if (expiries.has(key)) return false;
    if (expiries.size >= max) throw new Problem('too-many-requests');
    expiries.set(key, nowMs + keptMs);
    return true;
  }

  return { isFirst };
}

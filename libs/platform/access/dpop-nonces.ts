/**
 * DPoP nonces (RFC 9449 §8): opaque, made with a secret of this process, good for 60 s and the previous one too. They
 * are kept nowhere: the nonce of a minute is an HMAC of its number, so the set of used `jti` can live in this process,
 * because a proof with another process's nonce is refused before it is looked at.
 */
import { createHmac } from 'node:crypto';

export interface DpopNonces {
  /** The nonce to send with every answer. */
  current(nowMs: number): string;
  /** Whether this process gave the nonce within this minute or the one before. */
  isGood(nonce: unknown, nowMs: number): boolean;
}

const windowMs = 60_000;

/** @param secret 32 random bytes that never leave the process */
export function dpopNonces(secret: Buffer): DpopNonces {
  let latest = { window: NaN, nonce: '' };

  function nonceOf(window: number): string {
    if (latest.window === window) return latest.nonce;
    return createHmac('sha256', secret)
      .update(`tyiym-dpop-nonce ${String(window)}`)
      .digest('base64url');
  }

  function current(nowMs: number): string {
    const window = Math.floor(nowMs / windowMs);
    latest = { window, nonce: nonceOf(window) };
    return latest.nonce;
  }

  return {
    current,
    isGood: (nonce, nowMs) => nonce === current(nowMs) || nonce === nonceOf(Math.floor(nowMs / windowMs) - 1),
  };
}

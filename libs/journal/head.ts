/**
 * A head: size and root of the Journal after one commit, signed once and shared by every receipt of that commit.
 *
 *     header  {"alg":"ES256","kid":"<RFC 7638 thumbprint>","typ":"tyiym-head+jwt"}
 *     payload {"iat":…,"iss":"…","origin":"…","root":"<base64url>","size":N}
 *
 * A head signed for a batch that did not commit must never leave the process.
 */
import type { KeyObject } from 'node:crypto';
import { sign } from 'jws';
import { canonical } from './canonical.js';

export const headType = 'tyiym-head+jwt';
export const headAlgorithm = 'ES256';

export interface HeadPayload {
  /** The public base URL of the log, without a final slash. */
  readonly iss: string;
  /** Whole seconds of the instant of the batch. */
  readonly iat: number;
  /** The name of the log: `tyiym.kz/journal/1`. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** Root of the Merkle tree, 32 bytes in base64url. */
  readonly root: string;
}

/**
 * A compact JWS over the head, by an EC P-256 private key whose thumbprint is `kid`. Signed in the caller's turn: what
 * asks a thread of the pool waits for its own turn behind the requests that came in meanwhile, with everybody's answer.
 */
export function signHead(privateKey: KeyObject, kid: string, payload: HeadPayload): string {
  return sign({
    header: { alg: headAlgorithm, kid, typ: headType },
    payload: canonical(payload),
    privateKey,
  });
}

/**
 * DPoP proofs (RFC 9449 §4.3) at the resource server. A proof is good for one request: this method, this URL, this
 * token, this minute, once. It does not cover the body, which is why partners are told to prefer mutual TLS.
 */
import { hash } from 'node:crypto';
import { jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { DpopNonces } from './dpop-nonces.js';
import type { ProofKeys } from './proof-keys.js';
import { mustHold, refusedBy } from './refused.js';
import type { ReplaySet } from './replay-set.js';

/** What the proof has to be about. */
export interface ProvenRequest {
  readonly proof: string;
  readonly method: string;
  /** The URL as the caller wrote it: public base of the listener that was called, then the path; no query. */
  readonly url: string;
  readonly accessToken: string;
  /** `cnf.jkt` of the access token. */
  readonly jkt: string;
}

const algorithms = ['ES256', 'PS256'];
const maxProofLength = 4096;
const maxJtiLength = 256;
const iatWindowS = 30;

/** How long a proof's `jti` must be remembered: from the earliest `iat` accepted to its latest. */
export const proofLifeMs = 2 * iatWindowS * 1000;

/** What a process remembers between proofs. */
export interface ProofMemory {
  readonly nonces: DpopNonces;
  /** Keeps each identifier for `proofLifeMs`. */
  readonly used: ReplaySet;
  readonly keys: ProofKeys;
}

/**
 * @param nowMs machine time
 * @throws {AccessRefused} `use_dpop_nonce` when only the nonce is missing, old or another process's; else
 * `invalid_dpop_proof`
 */
export async function verifyProof(request: ProvenRequest, memory: ProofMemory, nowMs: number): Promise<void> {
  mustHold(request.proof.length <= maxProofLength, 'invalid_dpop_proof', 'proof too long');
  const { payload, thumbprint } = await verifiedProof(request.proof, memory.keys, nowMs);
  const { jti, htm, htu, iat, ath, nonce } = payload;
  mustHold(thumbprint === request.jkt, 'invalid_dpop_proof', "not the token's key");
  mustHold(htm === request.method, 'invalid_dpop_proof', 'htm differs');
  mustHold(typeof htu === 'string' && isSameUrl(htu, request.url), 'invalid_dpop_proof', 'htu differs');
  mustHold(
    iat !== undefined && Math.abs(nowMs / 1000 - iat) <= iatWindowS,
    'invalid_dpop_proof',
    'iat outside the window',
  );
  mustHold(ath === hashOf(request.accessToken), 'invalid_dpop_proof', 'ath differs');
  mustHold(
    typeof jti === 'string' && jti !== '' && jti.length <= maxJtiLength,
    'invalid_dpop_proof',
    'jti missing',
  );
  mustHold(memory.nonces.isGood(nonce, nowMs), 'use_dpop_nonce', 'nonce missing or not of this process');
  // Last, so that only callers whose proof holds can fill the set.
  mustHold(memory.used.isFirst(`${request.jkt} ${jti}`, nowMs), 'invalid_dpop_proof', 'replayed');
}

async function verifiedProof(
  proof: string,
  keys: ProofKeys,
  nowMs: number,
): Promise<{ payload: JWTPayload; thumbprint: string }> {
  let thumbprint = '';
  const embedded: JWTVerifyGetKey = async (header, token) => {
    const { key, thumbprint: its } = await keys(header, token);
    thumbprint = its;
    return key;
  };
  try {
    const { payload } = await jwtVerify(proof, embedded, {
      algorithms,
      typ: 'dpop+jwt',
      requiredClaims: ['iat', 'jti', 'htm', 'htu', 'ath'],
      currentDate: new Date(nowMs),
      // `iat` has its own window above; this one is for an `exp` or `nbf` the client may have added.
      clockTolerance: iatWindowS,
    });
    return { payload, thumbprint };
  } catch (error) {
    // A JWK in the header can be wrong in ways WebCrypto words as it likes; none of them is our failure.
    throw refusedBy('invalid_dpop_proof', error);
  }
}

/** RFC 9449 §4.3 item 9: compared after normalisation of scheme, host and port, without query and fragment. */
function isSameUrl(htu: string, url: string): boolean {
  if (htu === url) return true;
  if (!URL.canParse(htu) || !URL.canParse(url)) return false;
  return withoutQuery(new URL(htu)) === withoutQuery(new URL(url));
}

function withoutQuery(url: URL): string {
  url.search = '';
  url.hash = '';
  return url.href;
}

/** `ath`: base64url SHA-256 of the ASCII access token. */
function hashOf(accessToken: string): string {
  return hash('sha256', accessToken, 'base64url');
}

/**
 * DPoP proofs (RFC 9449 §4.3) at the resource server. A proof is good for one request: this method, this URL, this
 * token, this minute, once. It does not cover the body, which is why partners are told to prefer mutual TLS.
 * Proofs are verified in the caller's turn (ADR 54).
 */
import { hash } from 'node:crypto';
import { decode, verify } from 'jws';
import type { DpopNonces } from './dpop-nonces.js';
import type { ProofKeys } from './proof-keys.js';
import { AccessRefused, mustHold, refusedBy } from './refused.js';
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
  const { claims, thumbprint } = await verifiedProof(request.proof, memory.keys);
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = claims;
  mustHold(thumbprint === request.jkt, 'invalid_dpop_proof', "not the token's key");
  mustHold(htm === request.method, 'invalid_dpop_proof', 'htm differs');
  mustHold(typeof htu === 'string' && isSameUrl(htu, request.url), 'invalid_dpop_proof', 'htu differs');
  mustHold(
    typeof iat === 'number' && Math.abs(nowMs / 1000 - iat) <= iatWindowS,
    'invalid_dpop_proof',
    'iat outside the window',
  );
  // Neither is asked for; a client that adds one means it.
  mustHold(
    (exp === undefined || (typeof exp === 'number' && exp > nowMs / 1000 - iatWindowS)) &&
      (nbf === undefined || (typeof nbf === 'number' && nbf <= nowMs / 1000 + iatWindowS)),
    'invalid_dpop_proof',
    'outside its own times',
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

/** The claims of a proof, of any types, and the RFC 7638 thumbprint of the key that signed them. */
async function verifiedProof(
  proof: string,
  keys: ProofKeys,
): Promise<{ claims: Readonly<Record<string, unknown>>; thumbprint: string }> {
  try {
    const decoded = decode(proof, { json: true });
    mustHold(decoded !== null, 'invalid_dpop_proof', 'no JWS');
    const { alg, typ, crit, jwk } = decoded.header as ProofHeader;
    const claims: unknown = decoded.payload;
    mustHold(alg === 'ES256' || alg === 'PS256', 'invalid_dpop_proof', 'another algorithm');
    // A media type: capitals do not count, nor that `application/` was left out (RFC 7515 §4.1.9).
    mustHold(
      typeof typ === 'string' && /^(application\/)?dpop\+jwt$/i.test(typ),
      'invalid_dpop_proof',
      'another type',
    );
    mustHold(crit === undefined, 'invalid_dpop_proof', 'asks for what we do not know');
    mustHold(isObject(claims), 'invalid_dpop_proof', 'no claims');
    const { key, thumbprint } = await keys({ alg, jwk });
    // Handed on to node, which takes a key object; only the types of `jws` know nothing of one.
    mustHold(verify(proof, alg, key as never), 'invalid_dpop_proof', 'the signature does not hold');
    return { claims, thumbprint };
  } catch (error) {
    if (error instanceof AccessRefused) throw error;
    // A JWK in the header can be wrong in ways WebCrypto words as it likes; none of them is our failure.
    throw refusedBy('invalid_dpop_proof', error);
  }
}

/** Of any types until it is judged. */
interface ProofHeader {
  readonly alg: unknown;
  readonly typ?: unknown;
  readonly crit?: unknown;
  readonly jwk?: unknown;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 9449 §4.3: compared after normalisation by syntax and scheme (RFC 3986 §6.2), without query and fragment. */
function isSameUrl(htu: string, url: string): boolean {
  if (htu === url) return true;
  if (!URL.canParse(htu) || !URL.canParse(url)) return false;
  return withoutQuery(new URL(htu)) === withoutQuery(new URL(url));
}

function withoutQuery(url: URL): string {
  url.search = '';
  url.hash = '';
  return url.href.replaceAll(/%[0-9a-f]{2}/gi, normalEscape);
}

/** RFC 3986 §6.2.2: an escape of what needs none is the character itself; any other is spelled in capitals. */
function normalEscape(escape: string): string {
  const character = String.fromCharCode(parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
}

/** `ath`: base64url SHA-256 of the ASCII access token. */
function hashOf(accessToken: string): string {
  return hash('sha256', accessToken, 'base64url');
}

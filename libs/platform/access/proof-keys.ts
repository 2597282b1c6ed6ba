/**
 * The public keys in DPoP proofs. A client sends the same one in the header of every proof; importing it and computing
 * its thumbprint cost more than the signature, so both are done once. Which checks a key passed depends on the whole
 * JWK, therefore only the very same one is known again.
 */
import assert from 'node:assert/strict';
import { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';

export interface ProofKey {
  readonly key: KeyObject;
  /** RFC 7638, base64url: what `cnf.jkt` names. */
  readonly thumbprint: string;
}

/**
 * The key embedded in the header of a proof.
 * @throws what jose finds wrong with it: none, private, for another use or algorithm; Error when it is short
 */
export type ProofKeys = (header: { readonly alg: string; readonly jwk?: unknown }) => Promise<ProofKey>;

/** RFC 7518 §3.5; jose asks for it only when it verifies itself. */
const minRsaBits = 2048;

export function proofKeys(max = 2_000): ProofKeys {
  const imported = new LRUCache<string, ProofKey>({ max });
  return async ({ alg, jwk }) => {
    const name = JSON.stringify([alg, jwk]);
    const known = imported.get(name);
    if (known !== undefined) return known;
    const key = KeyObject.from(await EmbeddedJWK({ alg, jwk: jwk as JWK }));
    const { modulusLength = minRsaBits } = key.asymmetricKeyDetails ?? {};
    assert(modulusLength >= minRsaBits, 'the RSA key is short');
    const fresh = { key, thumbprint: await calculateJwkThumbprint(jwk as JWK) };
    imported.set(name, fresh);
    return fresh;
  };
}

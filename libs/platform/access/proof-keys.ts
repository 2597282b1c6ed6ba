/**
 * The public keys in DPoP proofs. A client sends the same one in the header of every proof; importing it and computing
 * its thumbprint cost more than the signature, so both are done once. Which checks a key passed depends on the whole
 * JWK, therefore only the very same one is known again.
 */
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  type CryptoKey,
  type FlattenedJWSInput,
  type JWTHeaderParameters,
} from 'jose';
import { LRUCache } from 'lru-cache';

export interface ProofKey {
  readonly key: CryptoKey;
  /** RFC 7638, base64url: what `cnf.jkt` names. */
  readonly thumbprint: string;
}

/**
 * The key embedded in a proof.
 * @throws what jose finds wrong with it: none, private, for another use or algorithm
 */
export type ProofKeys = (header: JWTHeaderParameters, token: FlattenedJWSInput) => Promise<ProofKey>;

export function proofKeys(max = 2_000): ProofKeys {
  const imported = new LRUCache<string, ProofKey>({ max });
  return async (header, token) => {
    const name = JSON.stringify([header.alg, header.jwk]);
    const known = imported.get(name);
    if (known !== undefined) return known;
    const key = await EmbeddedJWK(header, token);
    const fresh = { key, thumbprint: await calculateJwkThumbprint(header.jwk ?? {}) };
    imported.set(name, fresh);
    return fresh;
  };
}

/**
 * What the clerk says once it has verified acts: up to which entry, which of them do not count, and the chain over all of
 * them. A JWS in an entry of the Journal, so that its order says which batch is decided by which law.
 */
import { calculateJwkThumbprint, CompactSign, compactVerify, importJWK, type CryptoKey } from 'jose';
import type { KeyObject } from 'node:crypto';
import type { PublicJwk } from './registry.js';

export interface ActRecord {
  /** Index of the newest act it covers; all before it are covered as well. */
  readonly through: number;
  /** The chain after that act, base64url. */
  readonly digest: string;
  /** Indexes of acts, since the record before, that do not count. */
  readonly refused: readonly number[];
}

const alg = 'ES256';
const typ = 'tyiym-acts+jwt';
const maxLetters = 65_536;

export async function signRecord(
  { kid, key }: { readonly kid: string; readonly key: KeyObject },
  record: ActRecord,
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(record))).setProtectedHeader({ alg, kid, typ }).sign(key);
}

/**
 * The record, if the key of that name has signed it.
 * @param keyOf the public key that may sign records under this name now; undefined for every other.
 * @returns undefined for whatever is not such a record.
 */
export async function openRecord(
  jws: unknown,
  keyOf: (kid: string) => PublicJwk | undefined,
): Promise<ActRecord | undefined> {
  if (typeof jws !== 'string' || jws.length > maxLetters) return undefined;
  try {
    const { payload } = await compactVerify(
      jws,
      async (header) => {
        if (header.typ !== typ || Object.keys(header).length !== 3) throw new Error('another header');
        const jwk = keyOf(String(header.kid));
        // The name is the key's own, so no entry can put another key under it.
        if (jwk === undefined || (await calculateJwkThumbprint({ ...jwk })) !== header.kid)
          throw new Error('no key of this name');
        return (await importJWK({ ...jwk }, alg)) as CryptoKey;
      },
      { algorithms: [alg] },
    );
    return readRecord(JSON.parse(Buffer.from(payload).toString()));
  } catch {
    return undefined;
  }
}

function readRecord(value: unknown): ActRecord | undefined {
  const { through, digest, refused } = (value ?? {}) as Record<string, unknown>;
  const isRead =
    Number.isSafeInteger(through) &&
    typeof digest === 'string' &&
    Array.isArray(refused) &&
    refused.every((index) => Number.isSafeInteger(index));
  return isRead ? ({ through, digest, refused } as ActRecord) : undefined;
}

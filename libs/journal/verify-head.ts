/**
 * A signed head opened: by whom it is signed and whether that key may vouch for a kind of entry. The header must be
 * exactly the one `signHead` writes, because a header that could bring its own key or rules would be its own trust.
 */
import { calculateJwkThumbprint, compactVerify, importJWK, type CryptoKey } from 'jose';
import { readBase64url } from './base64url.js';
import { headAlgorithm, headType, type HeadPayload } from './head.js';
import { ensure, ReceiptError } from './receipt-error.js';

/** A public key as `/.well-known/jwks.json` lists it; times in seconds. */
export interface HeadKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  /** RFC 7638 thumbprint of the four members above. */
  readonly kid: string;
  /** `head/lender` */
  readonly purpose: string;
  /** The kinds of entry this key may vouch for. */
  readonly kinds: readonly string[];
  readonly nbf: number;
  readonly exp: number;
  readonly revokedAt?: number;
}

/** A key set; keys for other purposes may stand in it and are never used for heads. */
export interface JwksWithKinds {
  readonly keys: readonly unknown[];
}

/** A head whose signature verified. Whether its key still counts is asked by `ensureVouches`. */
export interface OpenedHead {
  readonly payload: HeadPayload;
  /** The root's 32 bytes. */
  readonly root: Buffer;
  readonly key: HeadKey;
}

/** Letters of a head: one of a real log has about 400. */
const headLimit = 4096;
const sizeOfSignature = 64;

/**
 * The payload of a head and the key of the set that signed it.
 * @throws ReceiptError `head-malformed`, `head-key-unknown`, `head-key-malformed` or `head-signature`.
 */
export async function openHead(head: unknown, jwks: JwksWithKinds): Promise<OpenedHead> {
  ensure(typeof head === 'string' && head.length <= headLimit, 'head-malformed');
  const [header, payload, signature] = partsOf(head);
  ensure(signature.length === sizeOfSignature, 'head-malformed');
  const { alg, typ, kid, ...others } = readObject(header);
  ensure(alg === headAlgorithm && typ === headType && typeof kid === 'string', 'head-malformed');
  ensure(Object.keys(others).length === 0, 'head-malformed');

  const { key, publicKey } = await keyOf(kid, jwks);
  await compactVerify(head, publicKey, { algorithms: [headAlgorithm] }).catch((cause: unknown) => {
    throw new ReceiptError('head-signature', cause);
  });
  return { ...readPayload(payload), key };
}

/**
 * Checks that the key of a head may vouch for this kind of entry, now and when the head was signed.
 * @param now seconds since 1970
 * @throws ReceiptError `head-key-revoked`, `-expired`, `-not-for-kind` or `head-outside-key-life`.
 */
export function ensureVouches({ key, payload }: OpenedHead, kind: string, now: number): void {
  // A key once stolen can sign any date, so that it is revoked at all counts, not since when.
  ensure(key.revokedAt === undefined, 'head-key-revoked');
  ensure(now < key.exp, 'head-key-expired');
  // Heads are dated in registry time, which may be ahead of the verifier's clock, so they are held to the key's life.
  ensure(key.nbf <= payload.iat && payload.iat < key.exp, 'head-outside-key-life');
  ensure(key.kinds.includes(kind), 'head-key-not-for-kind');
}

/** Header, payload and signature, decoded. */
function partsOf(head: string): [Buffer, Buffer, Buffer] {
  const [header, payload, signature, ...others] = head.split('.').map((part) => readBase64url(part));
  ensure(header && payload && signature && others.length === 0, 'head-malformed');
  return [header, payload, signature];
}

function readObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (isObject(value)) return value;
  } catch {
    // Falls through: what is not JSON is as malformed as what is no object.
  }
  throw new ReceiptError('head-malformed');
}

function readPayload(bytes: Buffer): { payload: HeadPayload; root: Buffer } {
  const { iss, iat, origin, size, root } = readObject(bytes);
  const rootBytes = readBase64url(root, 32);
  ensure(
    typeof iss === 'string' && typeof origin === 'string' && iss !== '' && origin !== '',
    'head-malformed',
  );
  ensure(isCount(iat) && isCount(size) && typeof root === 'string' && rootBytes, 'head-malformed');
  return { payload: { iss, iat, origin, size, root }, root: rootBytes };
}

/** The one key of the set with this identifier, which must be its thumbprint, or a set could name it as it likes. */
async function keyOf(kid: string, jwks: JwksWithKinds): Promise<{ key: HeadKey; publicKey: CryptoKey }> {
  ensure(isObject(jwks) && Array.isArray(jwks.keys), 'head-key-unknown');
  const named = jwks.keys.filter(
    (each): each is Record<string, unknown> => isObject(each) && each['kid'] === kid,
  );
  ensure(named.length > 0, 'head-key-unknown');
  const [key] = named;
  ensure(key && named.length === 1 && isHeadKey(key), 'head-key-malformed');
  const { kty, crv, x, y } = key;
  try {
    ensure((await calculateJwkThumbprint({ kty, crv, x, y })) === kid, 'head-key-malformed');
    return { key, publicKey: (await importJWK({ kty, crv, x, y }, headAlgorithm)) as CryptoKey };
  } catch (cause) {
    throw new ReceiptError('head-key-malformed', cause);
  }
}

function isHeadKey(key: object): key is HeadKey {
  const { kty, crv, x, y, alg, use, purpose, kinds, nbf, exp, revokedAt } = key as Record<string, unknown>;
  return (
    kty === 'EC' &&
    crv === 'P-256' &&
    readBase64url(x, 32) !== undefined &&
    readBase64url(y, 32) !== undefined &&
    (alg === undefined || alg === headAlgorithm) &&
    (use === undefined || use === 'sig') &&
    typeof purpose === 'string' &&
    purpose.startsWith('head/') &&
    Array.isArray(kinds) &&
    kinds.every((kind) => typeof kind === 'string') &&
    isCount(nbf) &&
    isCount(exp) &&
    (revokedAt === undefined || isCount(revokedAt))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

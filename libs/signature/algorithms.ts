/**
 * Which keys and signatures are strong enough: RSA of 2048 to 4096 bits and the curves P-256 and P-384,
 * each with SHA-256, SHA-384 or SHA-512. Everything else, SHA-1 and RSA-PSS among it, does not verify.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

export const SHA1 = '1.3.14.3.2.26';
export const SHA256 = '2.16.840.1.101.3.4.2.1';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  [SHA256, 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

interface Scheme {
  readonly keyType: 'rsa' | 'ec';
  /** Absent where the algorithm of a CMS signer leaves the digest to `digestAlgorithm`. */
  readonly digest?: string;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ['1.2.840.113549.1.1.1', { keyType: 'rsa' }],
  ['1.2.840.113549.1.1.11', { keyType: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { keyType: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { keyType: 'rsa', digest: 'sha512' }],
  ['1.2.840.10045.4.3.2', { keyType: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { keyType: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { keyType: 'ec', digest: 'sha512' }],
]);

export interface SignatureToVerify {
  readonly data: Buffer;
  readonly signature: Buffer;
  readonly signatureAlgorithm: string;
  /** OID of the digest, where the format names it beside the signature algorithm (CMS). */
  readonly digestAlgorithm?: string;
  /** SubjectPublicKeyInfo DER. */
  readonly publicKey: Buffer;
}

/** Whether the signature is right *and* strong enough; an unknown algorithm is an answer, no error. */
export function verifies(input: SignatureToVerify): boolean {
  const scheme = SCHEMES.get(input.signatureAlgorithm);
  const named = input.digestAlgorithm === undefined ? undefined : DIGESTS.get(input.digestAlgorithm);
  if (input.digestAlgorithm !== undefined && named === undefined) return false;
  const digest = scheme?.digest ?? named;
  if (scheme === undefined || digest === undefined) return false;
  if (named !== undefined && named !== digest) return false;
  const key = strongKey(input.publicKey);
  return key?.asymmetricKeyType === scheme.keyType && verify(digest, input.data, key, input.signature);
}

/** Digest of `data`, or undefined when the algorithm is not one of the three. */
export function digestOf(algorithm: string, data: Buffer): Buffer | undefined {
  const digest = DIGESTS.get(algorithm);
  return digest === undefined ? undefined : createHash(digest).update(data).digest();
}

/**
 * Digest by which an attribute names a certificate, or undefined when the algorithm is not known here. SHA-1 may name one,
 * because the attribute that has no other (RFC 2634) is itself signed with a strong algorithm.
 */
export function certificateDigest(algorithm: string, der: Buffer): Buffer | undefined {
  return algorithm === SHA1 ? createHash('sha1').update(der).digest() : digestOf(algorithm, der);
}

function strongKey(publicKey: Buffer): KeyObject | undefined {
  const key = importKey(publicKey);
  if (key?.asymmetricKeyType === 'rsa') {
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    // Above, because the sender chooses the keys of what comes along, and each costs us what he chose.
    const isBounded = modulusLength <= 4096 && publicExponent < 2n ** 32n;
    return modulusLength >= 2048 && isBounded ? key : undefined;
  }
  const curve = key?.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
  return curve === 'prime256v1' || curve === 'secp384r1' ? key : undefined;
}

function importKey(publicKey: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

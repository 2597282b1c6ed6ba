/**
 * What a bureau alone may read of an item: a compact JWE (RFC 7516) under the key of its stream and day. The day keys
 * themselves are handed out wrapped for the key the bureau registered.
 */
import { webcrypto } from 'node:crypto';
import { CompactEncrypt, importJWK, type CryptoKey, type JWK } from 'jose';

/** The members of the sealed JSON. A receipt lets the bureau check the entry itself. */
export interface SealedContent {
  /** Absent when the item is withheld: it names nobody. */
  readonly iin?: string;
  /** base64url; the same as outside, so that a sealed value cannot be put into another SET. */
  readonly sub_id: string;
  readonly version: number;
  readonly receipt: object;
}

/** A day key made ready for many items. */
export async function itemKey(key: Buffer): Promise<CryptoKey> {
  return webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
}

/** `{alg:"dir",enc:"A256GCM",kid:"<streamId>.<yyyy-mm-dd>"}` */
export async function sealItem(key: CryptoKey, kid: string, content: SealedContent): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
    .encrypt(key);
}

/** The oct JWK of a day, for one key of the bureau: ECDH-ES+A256KW and A256GCM, `kid` naming that key. */
export async function wrapKey(
  key: Buffer,
  kid: string,
  recipient: { readonly kid: string; readonly jwk: Readonly<Record<string, unknown>> },
): Promise<string> {
  const jwk = { kty: 'oct', k: key.toString('base64url'), alg: 'A256GCM', use: 'enc', kid };
  return new CompactEncrypt(Buffer.from(JSON.stringify(jwk)))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: recipient.kid, cty: 'jwk+json' })
    .encrypt(await importJWK(recipient.jwk as JWK, 'ECDH-ES+A256KW'));
}

/**
 * What a QR code's secret opens: secret → token of API №2 → key of the phone's copy of the document, each derived from the
 * one before (HKDF-SHA-256, RFC 5869). The registry keeps hashes of secret and token and the sealed copy, so a row that
 * was altered lets in whoever altered it, but opens no document to them.
 */
import { createHash, hkdfSync } from 'node:crypto';
import type { SealedPlace, SealingKey } from '#libs/subject/seal.js';

/** Both the secret and the token: 32 bytes in base64url. */
const secretShape = /^[A-Za-z0-9_-]{43}$/;

/** Whether a text can be a secret or a token of ours. */
export function isPhoneSecret(text: string): boolean {
  return secretShape.test(text);
}

/** The token that the phone is given for this secret. */
export function phoneToken(secret: string): string {
  return derived(secret, 'tyiym phone token', 32).toString('base64url');
}

/** The key of the phone's copy, from the token that the phone sends with each request. */
export function phoneKey(token: string): SealingKey {
  const bytes = derived(token, 'tyiym phone document', 36);
  return { keyId: bytes.subarray(0, 4), secret: bytes.subarray(4) };
}

/** Kept instead of a secret or a token: a reader of the table can use neither. */
export function phoneHash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Where the phone's copy lies. */
export function phoneDocumentPlace(applicationUuid: string): SealedPlace {
  return { table: 'applications', column: 'phone_document', row: applicationUuid };
}

function derived(text: string, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(text, 'base64url'), '', info, length));
}

/**
 * What the tree holds of an entry: a commitment that says nothing until its salt is handed out. A bare hash would not
 * do, because entries about twelve-digit people can be guessed and tried. Worked example, seed = 32 zero bytes:
 *
 *     salt       = HMAC-SHA-256(seed, "entry")
 *     personSalt = HMAC-SHA-256(seed, "person")
 *     person     = base64url(HMAC-SHA-256(personSalt, "kz.iin:" ‖ iin))
 *     leaf       = {"c":"<base64url(HMAC-SHA-256(salt, entry))>","v":1}
 *
 * Whoever has the salt of an entry can check the entry, not its person; personSalt and IIN show the person. Keys of
 * an HMAC are padded with zeros, so 31 bytes and the same with a zero give one MAC: salts have exactly 32 bytes.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

/** Length in bytes of seeds, salts and commitments. */
export const saltLength = 32;

/** HMAC-SHA-256(seed, "entry") */
export function saltOf(seed: Buffer): Buffer {
  return hmac(seed, 'entry');
}

/** HMAC-SHA-256(seed, "person") */
export function personSaltOf(seed: Buffer): Buffer {
  return hmac(seed, 'person');
}

/** The member `person` of an entry: base64url(HMAC-SHA-256(personSalt, "kz.iin:" ‖ iin)). */
export function personOf(personSalt: Buffer, iin: string): string {
  return hmac(personSalt, `kz.iin:${iin}`).toString('base64url');
}

/** HMAC-SHA-256(salt, entry): what a leaf says of its entry. It stays when the entry is erased. */
export function commitmentOf(entryText: string, salt: Buffer): Buffer {
  return hmac(salt, entryText);
}

/** The bytes of the leaf that holds a commitment: RFC 8785 of {"c": base64url(commitment), "v": 1}. */
export function leafWith(commitment: Buffer): Buffer {
  assert(commitment.length === saltLength, 'a commitment has 32 bytes');
  return Buffer.from(`{"c":"${commitment.toString('base64url')}","v":1}`);
}

/** The bytes of the leaf: RFC 8785 of {"c": base64url(HMAC-SHA-256(salt, entry)), "v": 1}. */
export function leafOf(entryText: string, salt: Buffer): Buffer {
  return leafWith(commitmentOf(entryText, salt));
}

function hmac(key: Buffer, text: string): Buffer {
  assert(key.length === saltLength, 'seeds and salts have 32 bytes');
  return createHmac('sha256', key).update(text).digest();
}

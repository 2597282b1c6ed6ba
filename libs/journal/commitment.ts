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

/** Length in bytes of seeds and salts. */
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

/** The bytes of the leaf: RFC 8785 of {"c": base64url(HMAC-SHA-256(salt, entry)), "v": 1}. */
export function leafOf(entryText: string, salt: Buffer): Buffer {
  return Buffer.from(`{"c":"${hmac(salt, entryText).toString('base64url')}","v":1}`);
}

function hmac(key: Buffer, text: string): Buffer {
  assert(key.length === saltLength, 'seeds and salts have 32 bytes');
  return createHmac('sha256', key).update(text).digest();
}

/**
 * Sealed columns: AES-256-GCM, value = 0x01 ‖ keyId(4) ‖ iv(12) ‖ ciphertext ‖ tag(16), AAD = "table|column|row", so
 * that a value copied to another row does not open. Each person has a data key; the identity key only wraps those.
 */
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv } from 'node:crypto';

/** A key that seals: 4 bytes that name it and 32 bytes of secret. */
export interface SealingKey {
  readonly keyId: Buffer;
  readonly secret: Buffer;
  /** Keys that open beside it and seal nothing: while it is exchanged, the one before it or the one after it. */
  readonly beside?: readonly SealingKey[];
}

/** Where a sealed value lies; it opens nowhere else. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Fresh random bytes, of the length asked for. */
export type Random = (length: number) => Buffer;

const version = 0x01;
const ivLength = 12;
const headLength = 1 + 4 + ivLength;
const tagLength = 16;

/**
 * Each call draws an IV of its own, because two plaintexts under one IV and key give each other away. A caller cannot
 * draw it beforehand and use it again when a batch is decided again.
 */
export function seal(key: SealingKey, place: SealedPlace, plain: Buffer, random: Random): Buffer {
  const iv = random(ivLength);
  assert(key.keyId.length === 4 && key.secret.length === 32 && iv.length === ivLength);
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(aad(place));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(version), key.keyId, iv, text, cipher.getAuthTag()]);
}

/** @throws when the key and those beside it, the place or a byte is another than at sealing. */
export function unseal(ring: SealingKey, place: SealedPlace, sealed: Buffer): Buffer {
  assert(sealed.length >= headLength + tagLength && sealed[0] === version, 'not a sealed value');
  const key = keyNamed(ring, sealed.subarray(1, 5));
  assert(key !== undefined, 'sealed with another key');
  const decipher = createDecipheriv('aes-256-gcm', key.secret, sealed.subarray(5, headLength));
  decipher.setAAD(aad(place)).setAuthTag(sealed.subarray(-tagLength));
  return Buffer.concat([decipher.update(sealed.subarray(headLength, -tagLength)), decipher.final()]);
}

/** The key of this id, the one that seals or one beside it. */
export function keyNamed(ring: SealingKey, keyId: Buffer): SealingKey | undefined {
  return [ring, ...(ring.beside ?? [])].find((key) => key.keyId.equals(keyId));
}

/** The id of the key that sealed a value; undefined when it is no sealed value at all. */
export function keyIdOf(sealed: Buffer): Buffer | undefined {
  return sealed.length >= headLength + tagLength && sealed[0] === version ? sealed.subarray(1, 5) : undefined;
}

function aad({ table, column, row }: SealedPlace): Buffer {
  return Buffer.from(`${table}|${column}|${row}`);
}

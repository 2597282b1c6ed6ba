/**
 * The data key of a person: 32 bytes that seal what is kept about one person, themselves sealed with the identity
 * key. Erasing a person's data key erases everything it sealed, and one leaked data key opens one person only.
 */
import assert from 'node:assert/strict';
import { seal, unseal, type Random, type SealedPlace, type SealingKey } from './seal.js';

/**
 * The sealed form of a fresh data key, for `people.data_key`.
 * @param secret 32 random bytes
 */
export function wrapDataKey(identity: SealingKey, personId: string, secret: Buffer, random: Random): Buffer {
  assert(secret.length === 32, 'a data key has 32 bytes');
  return seal(identity, placeOf(personId), secret, random);
}

/** The key that opens this person's sealed columns. @throws when it was wrapped by another identity key. */
export function openDataKey(identity: SealingKey, personId: string, wrapped: Buffer): SealingKey {
  return dataKey(personId, unseal(identity, placeOf(personId), wrapped));
}

/** A data key as one that seals: it is named by the last four bytes of the person's row number. */
export function dataKey(personId: string, secret: Buffer): SealingKey {
  return { keyId: Buffer.from(personId.slice(-8), 'hex'), secret };
}

function placeOf(personId: string): SealedPlace {
  return { table: 'people', column: 'data_key', row: personId };
}

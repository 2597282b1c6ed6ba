/**
 * A row of `people`: the data key sealed with the identity key, the IIN with the data key. A row may have been made up or
 * bent by whoever can write it; it is believed when it opens to the IIN that its pseudonym stands for.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Problem } from '#libs/problem/problem.js';
import { dataKey, openDataKey, wrapDataKey } from './data-key.js';
import { isIin, type Iin } from './iin.js';
import { keyIdOf, keyNamed, seal, unseal, type Random, type SealedPlace, type SealingKey } from './seal.js';
import type { SubjectKey } from './subject.js';

export interface Person {
  /** Row number; says nothing. */
  readonly personId: string;
  readonly subject: SubjectKey;
  /** The person's data key, sealed with the identity key. */
  readonly dataKey: Buffer;
  /** Sealed with the data key. */
  readonly iin: Buffer;
}

/** A row with what it opens to. */
export interface OpenPerson {
  readonly person: Person;
  readonly key: SealingKey;
  readonly iin: Iin;
}

/** What the head row holds of identity keys: id → HMAC-SHA-256(key, "tyiym identity key check"), base64url. */
export function identityKeyChecks(identity: SealingKey): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [identity, ...(identity.beside ?? [])].map(({ keyId, secret }) => [
      keyId.toString('hex'),
      createHmac('sha256', secret).update('tyiym identity key check').digest('base64url'),
    ]),
  );
}

/** Somebody never seen before. @param personId a random UUID: it must not tell when the person came. */
export function newPerson(
  identity: SealingKey,
  personId: string,
  subject: SubjectKey,
  iin: Iin,
  random: Random,
): Person {
  const secret = random(32);
  return {
    personId,
    subject,
    dataKey: wrapDataKey(identity, personId, secret, random),
    iin: seal(dataKey(personId, secret), iinPlace(personId), Buffer.from(iin), random),
  };
}

/**
 * Opens a row; undefined when it does not open, or opens to somebody else.
 * @param belongs whether this is the IIN that the row's pseudonym stands for
 * @throws Problem `registry-unavailable` when it is sealed under another identity key, which is no fault of the row
 */
export function openPerson(
  identity: SealingKey,
  person: Person,
  belongs: (iin: Iin) => boolean,
): OpenPerson | undefined {
  const keyId = keyIdOf(person.dataKey);
  if (keyId !== undefined && keyNamed(identity, keyId) === undefined)
    throw new Problem('registry-unavailable', { cause: new Error('sealed under another identity key') });
  try {
    const key = keyOf(identity, person);
    const iin = iinOf(key, person);
    return belongs(iin) ? { person, key, iin } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The first of a person's rows that opens.
 * @throws Problem `registry-unavailable` when none does and one is sealed under another identity key
 */
export function firstThatOpens(
  identity: SealingKey,
  rows: readonly Person[],
  belongs: (iin: Iin) => boolean,
): OpenPerson | undefined {
  let unavailable: Problem | undefined;
  for (const row of rows)
    try {
      const opened = openPerson(identity, row, belongs);
      if (opened !== undefined) return opened;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      unavailable = error;
    }
  if (unavailable !== undefined) throw unavailable;
  return undefined;
}

/** The key of one person's sealed columns. */
export function keyOf(identity: SealingKey, person: Person): SealingKey {
  return openDataKey(identity, person.personId, person.dataKey);
}

/** The person's IIN, for the signature to be compared with and for look-ups. */
export function iinOf(key: SealingKey, person: Person): Iin {
  const text = unseal(key, iinPlace(person.personId), person.iin).toString('utf8');
  assert(isIin(text), 'a sealed IIN that is none');
  return text;
}

function iinPlace(personId: string): SealedPlace {
  return { table: 'people', column: 'iin', row: personId };
}

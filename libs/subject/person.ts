/** A row of `people`: the data key sealed with the identity key, the IIN with the data key. */
import assert from 'node:assert/strict';
import { dataKey, openDataKey, wrapDataKey } from './data-key.js';
import { isIin, type Iin } from './iin.js';
import { seal, unseal, type Random, type SealedPlace, type SealingKey } from './seal.js';
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

/** Who is known under a pseudonym, and whether an entry's `person` is he. Nothing here leaves the program. */
import { personOf, personSaltOf } from '#libs/journal/commitment.js';
import { openDataKey } from '#libs/subject/data-key.js';
import { isIin } from '#libs/subject/iin.js';
import { unseal, type SealingKey } from '#libs/subject/seal.js';
import { subjectOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import type { KnownPerson } from './signatures.js';

/** A row of `people`. */
export interface PersonRow {
  readonly personId: string;
  readonly subject: SubjectKey;
  readonly dataKey: Buffer;
  readonly iin: Buffer;
}

/** By `subjectText`. */
export type KnownPeople = ReadonlyMap<string, KnownPerson>;

/** Opens rows of `people`; one that does not open, or stands under another pseudonym, is a finding and nobody. */
export function knownPeople(
  rows: readonly PersonRow[],
  identityKey: SealingKey,
  lookupKeys: LookupKeys,
): { readonly people: KnownPeople; readonly findings: readonly Finding[] } {
  const people = new Map<string, KnownPerson>();
  const findings: Finding[] = [];
  for (const row of rows) {
    const person = open(row, identityKey, lookupKeys);
    if (person === undefined)
      findings.push({
        ...{ code: 'row-differs', table: 'people', row: row.personId },
        what: 'its seal does not open, or it stands under another pseudonym',
      });
    else {
      const name = subjectText(row.subject);
      const first = people.get(name)?.ring;
      const ring = first ? { ...first, beside: [...(first.beside ?? []), person.ring] } : person.ring;
      people.set(name, { ...person, ring });
    }
  }
  return { people, findings };
}

/** What is wrong with the member `person`; undefined when it is right or nobody knows whose it should be. */
export function faultOfPerson(
  { row, members }: ReadEntry,
  person: KnownPerson | undefined,
): string | undefined {
  if (row.subject === undefined || row.seed === null || person === undefined) return undefined;
  const expected = personOf(personSaltOf(row.seed), person.iin);
  return members['person'] === expected ? undefined : 'it names another person than its subject';
}

function open(row: PersonRow, identityKey: SealingKey, lookupKeys: LookupKeys): KnownPerson | undefined {
  try {
    const key = openDataKey(identityKey, row.personId, row.dataKey);
    const iin = unseal(key, { table: 'people', column: 'iin', row: row.personId }, row.iin).toString('utf8');
    const lookupKey = lookupKeys.get(row.subject.epoch);
    if (!isIin(iin) || lookupKey === undefined) return undefined;
    const { bytes } = subjectOf(lookupKey, row.subject.epoch, iin);
    return bytes.equals(row.subject.bytes) ? { iin, ring: key } : undefined;
  } catch {
    return undefined;
  }
}

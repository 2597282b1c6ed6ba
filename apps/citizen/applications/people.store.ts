/** SQL of people: whoever opened an application, with the IIN and the data key sealed. Rows are only ever added. */
import type { EntityManager } from 'typeorm';
import { bytesFromJson } from '#libs/journal/json-row.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { Person } from '#libs/subject/person.js';

/** The person of any of these pseudonyms (one IIN in every live epoch); undefined for somebody never seen. */
export async function personOf(
  tx: EntityManager,
  subjects: readonly SubjectKey[],
): Promise<Person | undefined> {
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    `SELECT to_jsonb(p) AS row FROM people p WHERE subject = ANY ($1::bytea[]) ORDER BY subject_epoch DESC LIMIT 1`,
    [subjects.map(({ bytes }) => bytes)],
  );
  return rows[0] && personFromJson(rows[0].row);
}

/** By row number. */
export async function personById(tx: EntityManager, personId: string): Promise<Person | undefined> {
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    'SELECT to_jsonb(p) AS row FROM people p WHERE person_id = $1',
    [personId],
  );
  return rows[0] && personFromJson(rows[0].row);
}

/** Adds a person unless somebody else just did. @param at registry time, ms */
export async function insertPerson(tx: EntityManager, person: Person, at: number): Promise<void> {
  await tx.query(
    `INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subject, subject_epoch) DO NOTHING`,
    [person.personId, person.subject.epoch, person.subject.bytes, person.dataKey, person.iin, new Date(at)],
  );
}

/** A row of the table as JSON (`to_jsonb`). */
export function personFromJson(row: Readonly<Record<string, unknown>>): Person {
  return {
    personId: row['person_id'] as string,
    subject: { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
    dataKey: bytesFromJson(row['data_key']),
    iin: bytesFromJson(row['iin']),
  };
}

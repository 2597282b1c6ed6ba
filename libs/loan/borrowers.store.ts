/** SQL of the persons whom loans are about: rows of `people`, added and never read but for whose they are. */
import type { Table } from '#libs/journal/act.js';
import { bytesFromJson } from '#libs/journal/json-row.js';
import { peopleInsert, type NewPerson } from '#libs/subject/people.store.js';
import type { Person } from '#libs/subject/person.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';

/** A person as an act that reports a loan sees him. */
export type KnownBorrower = Pick<Person, 'personId' | 'subject'>;

export const borrowersTable: Table<SubjectKey, KnownBorrower | NewPerson> = {
  name: 'people',
  keyOf: (person) => subjectText(person.subject),
  look: {
    keyOf: subjectText,
    sql: `SELECT DISTINCT ON (subject, subject_epoch) person_id, subject_epoch, subject FROM people
      WHERE subject = ANY ($1::bytea[]) ORDER BY subject, subject_epoch, person_id`,
    params: (subjects) => [subjects.map(({ bytes }) => bytes)],
    fromJson: (row) => ({
      personId: row['person_id'] as string,
      subject: { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
    }),
  },
  insert: { sql: peopleInsert.sql, params: (some) => peopleInsert.params(some as readonly NewPerson[]) },
};

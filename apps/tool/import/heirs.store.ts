/** SQL of the persons an import takes over: the newest row of `people` of each, as it opens or not. */
import type { Table } from '#libs/journal/act.js';
import { bytesFromJson } from '#libs/journal/json-row.js';
import { peopleInsert, type NewPerson } from '#libs/subject/people.store.js';
import type { Person } from '#libs/subject/person.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';

export const heirsTable: Table<SubjectKey, Person | NewPerson> = {
  name: 'people',
  keyOf: (person) => subjectText(person.subject),
  look: {
    keyOf: subjectText,
    sql: `SELECT DISTINCT ON (subject, subject_epoch) person_id, subject_epoch, subject, data_key, iin FROM people
      WHERE subject = ANY ($1::bytea[]) ORDER BY subject, subject_epoch, first_seen_at DESC, person_id DESC`,
    params: (subjects) => [subjects.map(({ bytes }) => bytes)],
    fromJson: (row) => ({
      personId: row['person_id'] as string,
      subject: { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
      dataKey: bytesFromJson(row['data_key']),
      iin: bytesFromJson(row['iin']),
    }),
  },
  insert: peopleInsert,
};

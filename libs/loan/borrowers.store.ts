/** SQL of the persons whom loans are about: rows of `people`, added and never read but for whose they are. */
import type { Table } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import { bytesFromJson } from '#libs/journal/json-row.js';
import type { Person } from '#libs/subject/person.js';
import { subjectText, type SubjectKey } from '#libs/subject/subject.js';

/** A person as an act that reports a loan sees him. */
export type KnownBorrower = Pick<Person, 'personId' | 'subject'>;
/** One never seen before, to be added at this registry time. */
export interface NewBorrower extends Person {
  readonly firstSeenAt: number;
}

export const borrowersTable: Table<SubjectKey, KnownBorrower | NewBorrower> = {
  name: 'people',
  keyOf: (person) => subjectText(person.subject),
  look: {
    keyOf: subjectText,
    sql: 'SELECT person_id, subject_epoch, subject FROM people WHERE subject = ANY ($1::bytea[])',
    params: (subjects) => [subjects.map(({ bytes }) => bytes)],
    fromJson: (row) => ({
      personId: row['person_id'] as string,
      subject: { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
    }),
  },
  insert: {
    sql: `INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at)
      SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::timestamptz[])
      RETURNING 1`,
    params: (some) => {
      const rows = some as readonly NewBorrower[];
      return [
        rows.map((row) => row.personId),
        rows.map((row) => row.subject.epoch),
        rows.map((row) => row.subject.bytes),
        rows.map((row) => row.dataKey),
        rows.map((row) => row.iin),
        rows.map((row) => formatInstant(row.firstSeenAt)),
      ];
    },
  },
};

/** SQL of people as the citizen's app reads them, with the IIN and the data key sealed. */
import type { EntityManager } from 'typeorm';
import { bytesFromJson } from '#libs/journal/json-row.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { Person } from '#libs/subject/person.js';

/** More rows than a person ever has, unless rows are made up; then a good one is added, which is the newest. */
const mostRows = 32;

/** The rows of these pseudonyms (one IIN in every live epoch): of the newest epoch first, of each the newest first. */
export async function peopleOf(
  tx: EntityManager,
  subjects: readonly SubjectKey[],
): Promise<readonly Person[]> {
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    `SELECT to_jsonb(p) AS row FROM people p WHERE subject = ANY ($1::bytea[])
     ORDER BY subject_epoch DESC, first_seen_at DESC, person_id DESC LIMIT $2`,
    [subjects.map(({ bytes }) => bytes), mostRows],
  );
  return rows.map(({ row }) => personFromJson(row));
}

/** By row number. */
export async function personById(tx: EntityManager, personId: string): Promise<Person | undefined> {
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    'SELECT to_jsonb(p) AS row FROM people p WHERE person_id = $1',
    [personId],
  );
  return rows[0] && personFromJson(rows[0].row);
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

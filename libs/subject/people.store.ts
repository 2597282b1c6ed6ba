/**
 * SQL that adds rows of `people`, for every app that may. The one function of the owner adds a row only where the newest
 * one is still that which its caller saw, so the same person is not added twice and nothing is overwritten.
 */
import type { EntityManager } from 'typeorm';
import type { Person } from './person.js';

/** A row to add: beside the newest of the same pseudonym, which does not open, or as the first. */
export interface NewPerson extends Person {
  readonly besideId?: string;
}

/** For acts: an append that would add somebody who was added meanwhile fails as a lost race, and is decided again. */
export const peopleInsert = {
  sql: `SELECT CASE WHEN added.id IS NULL THEN lost_race() ELSE true END
    FROM unnest($1::uuid[]) AS w (id)
    LEFT JOIN add_people($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::uuid[]) AS added (id)
      USING (id)`,
  params: paramsOf,
};

/** Adds a person outside of the Journal. @returns false when another row came first. */
export async function addPerson(tx: EntityManager, person: NewPerson): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    'SELECT FROM add_people($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::uuid[])',
    paramsOf([person]),
  );
  return rows.length === 1;
}

/** A few rows, whosesoever: a registry that an older release made is known by them. */
export async function somePeople(tx: EntityManager): Promise<readonly Person[]> {
  const rows: (Omit<Person, 'subject'> & { epoch: number; bytes: Buffer })[] = await tx.query(
    `SELECT person_id AS "personId", subject_epoch AS epoch, subject AS bytes, data_key AS "dataKey", iin
     FROM people ORDER BY person_id LIMIT 50`,
  );
  return rows.map(({ epoch, bytes, ...person }) => ({ ...person, subject: { epoch, bytes } }));
}

/** The check values of the live identity keys, as the head row holds them. */
export async function identityChecks(tx: EntityManager): Promise<Readonly<Record<string, string>>> {
  const rows: { identity_checks: Record<string, string> }[] = await tx.query(
    'SELECT identity_checks FROM journal_head',
  );
  return rows[0]?.identity_checks ?? {};
}

function paramsOf(rows: readonly NewPerson[]): unknown[] {
  return [
    rows.map((row) => row.personId),
    rows.map((row) => row.subject.epoch),
    rows.map((row) => row.subject.bytes),
    rows.map((row) => row.dataKey),
    rows.map((row) => row.iin),
    rows.map((row) => row.besideId ?? null),
  ];
}

/** SQL of what the authority said at the hour of a lift: inserted with the entry that rests on it, never changed. */
import type { Table } from '#libs/journal/act.js';

/** A row of the table. */
export interface KeptAnswer {
  readonly entryIndex: number;
  readonly applicationId: string;
  readonly personId: string;
  /** Sealed under the application's row name. */
  readonly answer: Buffer;
  readonly kind: 'crl' | 'ncanode';
}

export const revocationAnswersTable: Table<never, KeptAnswer> = {
  name: 'revocation_answers',
  keyOf: (row) => String(row.entryIndex),
  insert: {
    sql: `INSERT INTO revocation_answers (entry_index, application_id, person_id, answer, kind)
      SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bytea[], $5::text[]) RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.entryIndex),
      rows.map((row) => row.applicationId),
      rows.map((row) => row.personId),
      rows.map((row) => row.answer),
      rows.map((row) => row.kind),
    ],
  },
};

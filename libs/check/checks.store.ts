/** SQL of the checks: inserted with their entry, read only by the lender that made them. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import { byteas, instants, int2s, int4s, int8s, texts, uuids } from '#libs/journal/pg-array.js';
import type { Verdict } from '#libs/refusal/verdict.js';
import type { Check, Question } from './check.js';

/** Checks as acts write them; no act looks one up. */
export const checksTable: Table<never, Check> = {
  name: 'checks',
  keyOf: (check) => check.uuid,
  insert: {
    sql: `INSERT INTO checks (check_id, lender, entry_index, subject_epoch, subject, product, stage, loan_ref, verdict,
        version, at, valid_until)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::smallint[], $5::bytea[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::integer[], $11::timestamptz[], $12::timestamptz[]) RETURNING 1`,
    params: (rows) => [
      uuids(rows.map((row) => row.uuid)),
      texts(rows.map((row) => row.lender)),
      int8s(rows.map((row) => row.entryIndex)),
      int2s(rows.map((row) => row.subject.epoch)),
      byteas(rows.map((row) => row.subject.bytes)),
      texts(rows.map((row) => row.product)),
      texts(rows.map((row) => row.stage)),
      texts(rows.map((row) => row.loanRef)),
      texts(rows.map((row) => row.verdict)),
      int4s(rows.map((row) => row.version)),
      instants(rows.map((row) => row.at)),
      instants(rows.map((row) => row.validUntil ?? null)),
    ],
  },
};

/** A check without the person. */
export type CheckRow = Omit<Check, 'subject'>;

/** Which of a lender's checks; instants in milliseconds, `to` exclusive, `after` a UUID. */
export interface CheckFilter {
  readonly from?: number;
  readonly to?: number;
  readonly loanRef?: string;
  readonly after?: string;
  readonly limit: number;
}

interface SqlRow {
  readonly uuid: string;
  readonly lender: string;
  readonly entryIndex: number;
  readonly product: Question['product'];
  readonly stage: Question['stage'];
  readonly loanRef: string;
  readonly verdict: Verdict;
  readonly version: number;
  readonly at: Date;
  readonly validUntil: Date | null;
}

const select = `SELECT check_id AS uuid, lender, entry_index AS "entryIndex", product, stage, loan_ref AS "loanRef",
  verdict, version, at, valid_until AS "validUntil" FROM checks`;

/** One check of this lender, or undefined: another's is not there either. */
export async function checkOf(
  tx: EntityManager,
  lender: string,
  uuid: string,
): Promise<CheckRow | undefined> {
  const rows: SqlRow[] = await tx.query(`${select} WHERE check_id = $1 AND lender = $2`, [uuid, lender]);
  return rows.map(fromSql)[0];
}

/** Checks of this lender in the order they were made. */
export async function checksOf(
  tx: EntityManager,
  lender: string,
  filter: CheckFilter,
): Promise<readonly CheckRow[]> {
  const rows: SqlRow[] = await tx.query(
    `${select} WHERE lender = $1
       AND ($2::timestamptz IS NULL OR check_id >= uuid_floor($2))
       AND ($3::timestamptz IS NULL OR check_id < uuid_floor($3))
       AND ($4::text IS NULL OR loan_ref = $4)
       AND ($5::uuid IS NULL OR check_id > $5)
     ORDER BY check_id LIMIT $6`,
    [
      lender,
      filter.from === undefined ? null : formatInstant(filter.from),
      filter.to === undefined ? null : formatInstant(filter.to),
      filter.loanRef ?? null,
      filter.after ?? null,
      filter.limit,
    ],
  );
  return rows.map(fromSql);
}

function fromSql({ at, validUntil, ...row }: SqlRow): CheckRow {
  return { ...row, at: at.getTime(), ...(validUntil !== null && { validUntil: validUntil.getTime() }) };
}

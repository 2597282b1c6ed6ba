/** SQL of loans: each report inserted with its entry, the contract's pointer moved with it; read by who reported. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import { bytesFromJson, instantFromJson } from '#libs/journal/json-row.js';
import { contractName, type Contract, type LoanReport } from './loan.js';

const columns = `l.entry_index, l.loan_id, l.about, l.party, l.lender_bin, l.contract_number, l.person_id, l.subject_epoch,
  l.subject, l.product, l.circumstance, l.amount::text AS amount, l.signed_at, l.disbursed_at,
  l.disbursed_on::text AS disbursed_on, l.payment_reference, l.check_id, l.at`;

/** The newest report of a contract: looked up by what it is called, moved by each report. */
export const contractsTable: Table<Contract, LoanReport> = {
  name: 'contracts',
  keyOf: contractName,
  look: {
    keyOf: contractName,
    sql: `SELECT ${columns} FROM unnest($1::text[], $2::text[], $3::text[]) AS w (party, lender_bin, contract_number)
      CROSS JOIN LATERAL (SELECT entry_index FROM contracts c WHERE c.party = w.party AND c.lender_bin = w.lender_bin
        AND c.contract_number = w.contract_number LIMIT 1) AS c
      CROSS JOIN LATERAL (SELECT * FROM loans l WHERE l.entry_index = c.entry_index LIMIT 1) AS l`,
    params: (wants) => [
      wants.map((want) => want.party),
      wants.map((want) => want.lenderBin),
      wants.map((want) => want.contractNumber),
    ],
    fromJson: reportFromJson,
  },
  insert: {
    sql: `INSERT INTO contracts (party, lender_bin, contract_number, loan_id, entry_index)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bigint[])
      ON CONFLICT (party, lender_bin, contract_number) DO UPDATE SET entry_index = excluded.entry_index RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.party),
      rows.map((row) => row.lenderBin),
      rows.map((row) => row.contractNumber),
      rows.map((row) => row.loanUuid),
      rows.map((row) => row.entryIndex),
    ],
  },
};

/** Reports as acts write them. */
export const loansTable: Table<never, LoanReport> = {
  name: 'loans',
  keyOf: (report) => String(report.entryIndex),
  insert: {
    sql: `INSERT INTO loans (entry_index, loan_id, about, party, lender_bin, contract_number, person_id, subject_epoch,
        subject, product, circumstance, amount, signed_at, disbursed_at, disbursed_on, payment_reference, check_id, at)
      SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[],
        $8::smallint[], $9::bytea[], $10::text[], $11::text[], $12::numeric[], $13::timestamptz[], $14::timestamptz[],
        $15::date[], $16::text[], $17::uuid[], $18::timestamptz[]) RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.entryIndex),
      rows.map((row) => row.loanUuid),
      rows.map((row) => row.about),
      rows.map((row) => row.party),
      rows.map((row) => row.lenderBin),
      rows.map((row) => row.contractNumber),
      rows.map((row) => row.personId),
      rows.map((row) => row.subject.epoch),
      rows.map((row) => row.subject.bytes),
      rows.map((row) => row.product),
      rows.map((row) => row.circumstance ?? null),
      rows.map((row) => row.amount),
      rows.map((row) => formatInstant(row.signedAt)),
      rows.map((row) => (row.disbursedAt === undefined ? null : formatInstant(row.disbursedAt))),
      rows.map((row) => row.disbursedOn ?? null),
      rows.map((row) => row.paymentReference ?? null),
      rows.map((row) => row.checkUuid ?? null),
      rows.map((row) => formatInstant(row.at)),
    ],
  },
};

/** Which loans of a party; instants of the first report in milliseconds, `to` exclusive, `after` a UUID. */
export interface LoanFilter {
  readonly contractNumber?: string;
  readonly from?: number;
  readonly to?: number;
  readonly after?: string;
  readonly limit: number;
}

/** The newest reports of loans of this party, in the order in which the loans were first reported. */
export async function loansOf(
  tx: EntityManager,
  party: string,
  filter: LoanFilter,
): Promise<readonly LoanReport[]> {
  const instant = (at: number | undefined): string | null => (at === undefined ? null : formatInstant(at));
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    `SELECT to_jsonb(x) AS row FROM (SELECT ${columns} FROM contracts c JOIN loans l ON l.entry_index = c.entry_index
     WHERE c.party = $1
       AND ($2::text IS NULL OR c.contract_number = $2)
       AND ($3::timestamptz IS NULL OR c.loan_id >= uuid_floor($3))
       AND ($4::timestamptz IS NULL OR c.loan_id < uuid_floor($4))
       AND ($5::uuid IS NULL OR c.loan_id > $5)
     ORDER BY c.loan_id LIMIT $6) x`,
    [
      party,
      filter.contractNumber ?? null,
      instant(filter.from),
      instant(filter.to),
      filter.after ?? null,
      filter.limit,
    ],
  );
  return rows.map(({ row }) => reportFromJson(row));
}

/** Every report of one loan of this party, oldest first; none when it is another's. */
export async function reportsOf(
  tx: EntityManager,
  party: string,
  loanUuid: string,
): Promise<readonly LoanReport[]> {
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    `SELECT to_jsonb(x) AS row FROM (SELECT ${columns} FROM loans l WHERE l.loan_id = $1 AND l.party = $2
     ORDER BY l.entry_index) x`,
    [loanUuid, party],
  );
  return rows.map(({ row }) => reportFromJson(row));
}

function reportFromJson(row: Readonly<Record<string, unknown>>): LoanReport {
  const optional = {
    circumstance: row['circumstance'] ?? undefined,
    disbursedAt: instantFromJson(row['disbursed_at']),
    disbursedOn: row['disbursed_on'] ?? undefined,
    paymentReference: row['payment_reference'] ?? undefined,
    checkUuid: row['check_id'] ?? undefined,
  };
  return {
    loanUuid: row['loan_id'] as string,
    entryIndex: row['entry_index'] as number,
    about: row['about'] as string,
    party: row['party'] as string,
    lenderBin: row['lender_bin'] as string,
    contractNumber: row['contract_number'] as string,
    personId: row['person_id'] as string,
    subject: {
      epoch: row['subject_epoch'] as number,
      // An erased person's is gone.
      bytes: row['subject'] === null ? Buffer.alloc(0) : bytesFromJson(row['subject']),
    },
    product: row['product'] as LoanReport['product'],
    amount: row['amount'] as string,
    signedAt: instantFromJson(row['signed_at']) ?? 0,
    at: instantFromJson(row['at']) ?? 0,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<LoanReport>),
  };
}

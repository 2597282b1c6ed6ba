/** SQL of loans: each report inserted with its entry, the contract's pointer moved with it; read by who reported. */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { formatInstant } from '#libs/journal/instant.js';
import { bytesFromJson, instantFromJson } from '#libs/journal/json-row.js';
import type { LoanReport } from './loan.js';
import { macText, type ContractMac } from './own-numbers.js';

const columns = `l.entry_index, l.loan_id, l.about, l.party, l.lender_bin, l.own_numbers, l.person_id, l.subject_epoch,
  l.subject, l.product, l.circumstance, l.amount::text AS amount, l.signed_at, l.disbursed_at,
  l.disbursed_on::text AS disbursed_on, l.check_id, l.at, c.mac_epoch, c.mac, c.secret`;

/** What a contract is looked up by, in one epoch. */
export interface ContractWant {
  /** Client id of who reports. */
  readonly party: string;
  readonly lenderBin: string;
  readonly mac: ContractMac;
}

/** The newest report of a contract: looked up by what it is called, moved by each report. */
export const contractsTable: Table<ContractWant, LoanReport> = {
  name: 'contracts',
  keyOf: ({ mac }) => macText(mac),
  look: {
    keyOf: ({ mac }) => macText(mac),
    sql: `SELECT ${columns} FROM unnest($1::text[], $2::text[], $3::bytea[]) AS w (party, lender_bin, mac)
      CROSS JOIN LATERAL (SELECT * FROM contracts c WHERE c.party = w.party AND c.lender_bin = w.lender_bin
        AND c.mac = w.mac LIMIT 1) AS c
      CROSS JOIN LATERAL (SELECT * FROM loans l WHERE l.entry_index = c.entry_index LIMIT 1) AS l`,
    params: (wants) => [
      wants.map((want) => want.party),
      wants.map((want) => want.lenderBin),
      wants.map((want) => want.mac.bytes),
    ],
    fromJson: reportFromJson,
  },
  insert: {
    sql: `INSERT INTO contracts (party, lender_bin, mac_epoch, mac, secret, loan_id, entry_index)
      SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[], $6::uuid[], $7::bigint[])
      ON CONFLICT (party, lender_bin, mac) DO UPDATE SET entry_index = excluded.entry_index RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.party),
      rows.map((row) => row.lenderBin),
      rows.map((row) => row.mac.epoch),
      rows.map((row) => row.mac.bytes),
      rows.map((row) => row.secret),
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
    sql: `INSERT INTO loans (entry_index, loan_id, about, party, lender_bin, own_numbers, person_id, subject_epoch,
        subject, product, circumstance, amount, signed_at, disbursed_at, disbursed_on, check_id, at)
      SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::uuid[],
        $8::smallint[], $9::bytea[], $10::text[], $11::text[], $12::numeric[], $13::timestamptz[], $14::timestamptz[],
        $15::date[], $16::uuid[], $17::timestamptz[]) RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.entryIndex),
      rows.map((row) => row.loanUuid),
      rows.map((row) => row.about),
      rows.map((row) => row.party),
      rows.map((row) => row.lenderBin),
      rows.map((row) => row.ownNumbers),
      rows.map((row) => row.personId),
      rows.map((row) => row.subject.epoch),
      rows.map((row) => row.subject.bytes),
      rows.map((row) => row.product),
      rows.map((row) => row.circumstance ?? null),
      rows.map((row) => row.amount),
      rows.map((row) => formatInstant(row.signedAt)),
      rows.map((row) => (row.disbursedAt === undefined ? null : formatInstant(row.disbursedAt))),
      rows.map((row) => row.disbursedOn ?? null),
      rows.map((row) => row.checkUuid ?? null),
      rows.map((row) => formatInstant(row.at)),
    ],
  },
};

/** Which loans of a party; instants of the first report in milliseconds, `to` exclusive, `after` a UUID. */
export interface LoanFilter {
  /** One contract, in every epoch it may be found in. */
  readonly macs?: readonly ContractMac[];
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
       AND ($2::bytea[] IS NULL OR c.mac = ANY ($2))
       AND ($3::timestamptz IS NULL OR c.loan_id >= uuid_floor($3))
       AND ($4::timestamptz IS NULL OR c.loan_id < uuid_floor($4))
       AND ($5::uuid IS NULL OR c.loan_id > $5)
     ORDER BY c.loan_id LIMIT $6) x`,
    [
      party,
      filter.macs?.map(({ bytes }) => bytes) ?? null,
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
    `SELECT to_jsonb(x) AS row FROM (SELECT ${columns} FROM loans l JOIN contracts c ON c.loan_id = l.loan_id
     WHERE l.loan_id = $1 AND l.party = $2
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
    checkUuid: row['check_id'] ?? undefined,
  };
  return {
    loanUuid: row['loan_id'] as string,
    entryIndex: row['entry_index'] as number,
    about: row['about'] as string,
    party: row['party'] as string,
    lenderBin: row['lender_bin'] as string,
    mac: { epoch: row['mac_epoch'] as number, bytes: bytesFromJson(row['mac']) },
    secret: bytesFromJson(row['secret']),
    ownNumbers: bytesFromJson(row['own_numbers']),
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

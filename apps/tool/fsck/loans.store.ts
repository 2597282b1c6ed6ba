/** What fsck reads of loans, paged by key. */
import type { EntityManager } from 'typeorm';
import type { SubjectKey } from '#libs/subject/subject.js';

/** What a contract is found by and what its numbers are sealed under. */
export interface ContractKept {
  readonly epoch: number;
  readonly mac: Buffer;
  readonly secret: Buffer;
}

/** A row of `loans`, and the report it follows up (itself, when it is one). */
export interface LoanRow {
  readonly entryIndex: number;
  readonly loanUuid: string;
  readonly subject?: SubjectKey;
  readonly party: string;
  readonly lenderBin: string;
  /** Sealed under the secret of the contract. */
  readonly ownNumbers: Buffer;
  readonly contract?: ContractKept;
  readonly base?: { readonly uuid: string; readonly kind: string; readonly isSameSubject: boolean };
  /** Whether its person is the one of its pseudonym, as far as one epoch can tell. */
  readonly isPersons: boolean;
}

/** Rows of the entries in [from, to). */
export async function loansBetween(tx: EntityManager, from: number, to: number): Promise<readonly LoanRow[]> {
  const rows: Record<string, unknown>[] = await tx.query(
    `SELECT l.entry_index AS "entryIndex", l.loan_id AS "loanUuid", l.party, l.lender_bin AS "lenderBin",
       l.own_numbers AS "ownNumbers", k.mac_epoch, k.mac, k.secret, l.product, l.circumstance, l.amount::text AS amount,
       l.signed_at AS "signedAt", l.disbursed_at AS "disbursedAt", l.disbursed_on::text AS "disbursedOn",
       l.check_id AS "checkUuid", l.at, l.subject_epoch, l.subject,
       CASE WHEN e.id = l.about AND b.loan_id = l.loan_id THEN
         json_build_object('uuid', e.id, 'kind', e.kind, 'isSameSubject', l.subject IS NOT DISTINCT FROM e.subject)
       END AS base,
       p.subject_epoch IS DISTINCT FROM l.subject_epoch OR p.subject = l.subject AS "isPersons"
     FROM loans l
     LEFT JOIN LATERAL (SELECT entry_index, loan_id FROM loans b WHERE b.loan_id = l.loan_id AND b.about = l.about
       ORDER BY b.entry_index LIMIT 1) b ON true
     LEFT JOIN entries e ON e.index = b.entry_index
     LEFT JOIN people p ON p.person_id = l.person_id
     LEFT JOIN contracts k ON k.loan_id = l.loan_id AND k.party = l.party AND k.lender_bin = l.lender_bin
     WHERE l.entry_index >= $1 AND l.entry_index < $2`,
    [from, to],
  );
  return rows.map(({ subject, subject_epoch: epoch, mac_epoch: macEpoch, mac, secret, ...row }) => {
    const members = Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, value instanceof Date ? value.getTime() : value]);
    return {
      ...(Object.fromEntries(members) as unknown as LoanRow),
      ...(Buffer.isBuffer(mac) &&
        Buffer.isBuffer(secret) && { contract: { epoch: macEpoch as number, mac, secret } }),
      ...(Buffer.isBuffer(subject) && { subject: { epoch: epoch as number, bytes: subject } }),
    };
  });
}

/** Rows after this entry and below `size`: whether a report and a contract stand behind each. */
export async function loansAfter(
  tx: EntityManager,
  { after, size, limit }: { readonly after: number; readonly size: number; readonly limit: number },
): Promise<readonly { readonly entryIndex: number; readonly rests: boolean }[]> {
  return tx.query(
    `SELECT l.entry_index AS "entryIndex", coalesce(e.kind IN ('loan.reported', 'loan.amended'), false)
       AND EXISTS (SELECT FROM contracts c WHERE c.party = l.party AND c.lender_bin = l.lender_bin
         AND c.loan_id = l.loan_id) AS rests
     FROM (SELECT * FROM loans WHERE entry_index > $1 AND entry_index < $2 ORDER BY entry_index LIMIT $3) l
     LEFT JOIN entries e ON e.index = l.entry_index ORDER BY 1`,
    [after, size, limit],
  );
}

/** Contracts after this loan: where each points, and the newest report of its loan. */
export async function contractsAfter(
  tx: EntityManager,
  after: string,
  limit: number,
): Promise<readonly { readonly loanUuid: string; readonly pointer: number; readonly newest: number }[]> {
  return tx.query(
    `SELECT c.loan_id AS "loanUuid", c.entry_index AS pointer,
       (SELECT max(l.entry_index) FROM loans l WHERE l.loan_id = c.loan_id) AS newest
     FROM contracts c WHERE c.loan_id > $1 ORDER BY c.loan_id LIMIT $2`,
    [after, limit],
  );
}

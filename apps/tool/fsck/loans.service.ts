/** Loans: every report has its row and every row its report, and what a contract points at is the newest. */
import type { EntityManager } from 'typeorm';
import { commitTo, contractMacs, openNumbers, unwrapSecret, type Committed } from '#libs/loan/own-numbers.js';
import type { SealingKey } from '#libs/subject/seal.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import { idToUuid } from '#libs/journal/id.js';
import { readInstant } from '#libs/journal/instant.js';
import { idText } from './id-text.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import { contractsAfter, loansAfter, loansBetween, type LoanRow } from './loans.store.js';
import { compareRow } from './projections.js';

/** What opens the own numbers of loans, and finds their contracts. */
export interface LoanKeys {
  readonly identity: SealingKey;
  readonly lookup: LookupKeys;
}

/** The rows that the entries of this page demand. */
export async function compareLoansOf(
  tx: EntityManager,
  entries: readonly ReadEntry[],
  keys: LoanKeys,
): Promise<readonly Finding[]> {
  // An amendment that only says that the loan is another person's is followed by the report about him.
  const reports = entries.filter(
    ({ kind, members }) =>
      kind === 'loan.reported' || (kind === 'loan.amended' && members['reportedAnew'] !== true),
  );
  const [first, last] = [reports[0], reports.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = await loansBetween(tx, first.row.index, last.row.index + 1);
  const rows = new Map(found.map((row) => [row.entryIndex, row]));
  return reports.flatMap((entry) => faultsOf(entry, rows.get(entry.row.index), keys));
}

/** Rows that no report stands behind, and contracts that point at another report than their newest. */
export async function compareContracts(
  tx: EntityManager,
  size: number,
  limit: number,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  let last: number | undefined = -1;
  while (last !== undefined) {
    const page: Awaited<ReturnType<typeof loansAfter>> = await loansAfter(tx, { after: last, size, limit });
    for (const { entryIndex, rests } of page)
      if (!rests) found.push(...compareRow('loans', String(entryIndex), undefined, {}));
    last = page.at(-1)?.entryIndex;
  }
  let after: string | undefined = '00000000-0000-0000-0000-000000000000';
  while (after !== undefined) {
    const page: Awaited<ReturnType<typeof contractsAfter>> = await contractsAfter(tx, after, limit);
    for (const { loanUuid, pointer, newest } of page)
      if (pointer < size)
        found.push(...compareRow('contracts', idText('lon', loanUuid), { newest }, { newest: pointer }));
    after = page.at(-1)?.loanUuid;
  }
  return found;
}

function faultsOf(entry: ReadEntry, row: LoanRow | undefined, keys: LoanKeys): readonly Finding[] {
  const { index } = entry.row;
  if (row === undefined) return compareRow('loans', String(index), {}, undefined);
  const { base, isPersons, subject, ownNumbers: _, contract: __, ...own } = row;
  const isReported = entry.kind === 'loan.reported';
  const about = isReported ? entry.members['id'] : entry.members['about'];
  const found = compareRow('loans', String(index), demandedBy(entry), {
    ...own,
    ...committedIn(row, keys),
    ...(isReported && subject !== undefined && { subject }),
  });
  // A follow-up names the report it follows up, of the same loan, and stands under its person.
  const isFollowing =
    base !== undefined && idText('ent', base.uuid) === about && base.kind === 'loan.reported';
  if (isFollowing && base.isSameSubject && isPersons) return found;
  const what = 'it does not follow the report that it is about, or stands under another person';
  return [...found, { code: 'row-differs', table: 'loans', row: String(index), what }];
}

/** What the sealed numbers of a row come to; nothing when they do not open, or the contract is not found by them. */
function committedIn(row: LoanRow, { identity, lookup }: LoanKeys): Partial<Committed> {
  const { loanUuid, party, lenderBin, contract, ownNumbers } = row;
  if (contract === undefined) return {};
  try {
    const secret = unwrapSecret(identity, loanUuid, contract.secret);
    const numbers = openNumbers(secret, row, ownNumbers);
    const macs = contractMacs(lookup, { party, lenderBin, contractNumber: numbers.contractNumber });
    const isFound = macs.some(({ epoch, bytes }) => epoch === contract.epoch && bytes.equals(contract.mac));
    return isFound ? commitTo(secret, numbers) : {};
  } catch {
    return {};
  }
}

function demandedBy({ row, kind, members }: ReadEntry): object {
  const amount = members['amount'] as { readonly value?: unknown; readonly currency?: unknown } | undefined;
  const demanded = {
    entryIndex: row.index,
    loanUuid: uuidOf('lon', members['loanId']),
    party: row.party ?? '',
    lenderBin: members['lender'],
    contract: members['contract'],
    product: members['product'],
    circumstance: members['circumstance'],
    amount: amount?.currency === 'KZT' ? amount.value : undefined,
    signedAt: readInstant(members['signedAt']),
    disbursedAt: readInstant(members['disbursedAt']),
    disbursedOn: members['disbursedOn'],
    payment: members['payment'],
    checkUuid: members['checkId'] === undefined ? undefined : uuidOf('chk', members['checkId']),
    at: row.at,
    subject: kind === 'loan.reported' ? row.subject : undefined,
  };
  return Object.fromEntries(Object.entries(demanded).filter(([, value]) => value !== undefined));
}

function uuidOf(kind: 'lon' | 'chk', id: unknown): string {
  try {
    return idToUuid(kind, id);
  } catch {
    return 'none';
  }
}

/** What acts of this app look into and write. */
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import { borrowersTable } from '#libs/loan/borrowers.store.js';
import { contractsTable, loansTable } from '#libs/loan/loans.store.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { stampsTable } from '#libs/refusal/stamps.store.js';
import { correctionsTable } from './corrections/corrections.store.js';

const { look } = refusalsTable;
// Bureaus never move a refusal: without the insert no act of this app could even try.
export const bureauTables = {
  idempotency: idempotencyTable,
  stamps: stampsTable,
  refusals: { name: refusalsTable.name, keyOf: refusalsTable.keyOf, ...(look && { look }) },
  people: borrowersTable,
  loans: loansTable,
  contracts: contractsTable,
  corrections: correctionsTable,
};
export type BureauTables = typeof bureauTables;

/** What acts of this app look into and write. */
import { checksTable } from '#libs/check/checks.store.js';
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import { borrowersTable } from '#libs/loan/borrowers.store.js';
import { contractsTable, loansTable } from '#libs/loan/loans.store.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { deliveriesTable } from './notices/notices.store.js';

const { look } = refusalsTable;
// Lenders read refusals and never write one: without the insert no act of this app could even try.
export const lenderTables = {
  refusals: { name: refusalsTable.name, keyOf: refusalsTable.keyOf, ...(look && { look }) },
  idempotency: idempotencyTable,
  checks: checksTable,
  people: borrowersTable,
  loans: loansTable,
  contracts: contractsTable,
  notice_deliveries: deliveriesTable,
};
export type LenderTables = typeof lenderTables;

/** What an import looks into and writes: the refusal, and the row of its person. */
import { borrowersTable } from '#libs/loan/borrowers.store.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';

export const importTables = { refusals: refusalsTable, people: borrowersTable };
export type ImportTables = typeof importTables;

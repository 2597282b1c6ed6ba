/** What an import looks into and writes: the refusal, and the row of its person. */
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { heirsTable } from './heirs.store.js';

export const importTables = { refusals: refusalsTable, people: heirsTable };
export type ImportTables = typeof importTables;

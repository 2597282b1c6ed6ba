/** What acts of this app look into and write. */
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import { dueMovesTable } from '#libs/refusal/due-moves.store.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { applicationsTable, signedDocumentsTable } from './applications/applications.store.js';
import { assertionsTable } from './session/assertions.store.js';

export const citizenTables = {
  refusals: refusalsTable,
  applications: applicationsTable,
  signed_documents: signedDocumentsTable,
  idempotency: idempotencyTable,
  assertion_ids: assertionsTable,
  due_moves: dueMovesTable,
};
export type CitizenTables = typeof citizenTables;

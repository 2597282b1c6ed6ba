/** What acts of this app look into and write. */
import { idempotencyTable } from '#libs/journal/idempotency.store.js';
import { stampsTable } from '#libs/refusal/stamps.store.js';

export const bureauTables = {
  idempotency: idempotencyTable,
  stamps: stampsTable,
};
export type BureauTables = typeof bureauTables;

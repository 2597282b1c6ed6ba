/**
 * Wraps anew, under the identity key in use, what the old one wrapped: data keys of people, secrets of contracts, keys of
 * acts. Page by page in statements of their own, so that a run which was killed is simply run again, beside the load. What
 * those keys sealed is not touched.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { seal, unseal, type SealingKey } from '#libs/subject/seal.js';
import {
  countWrapped,
  rewriteWrapped,
  wrappedAfter,
  wrappedColumns,
  type WrappedColumn,
} from './wrapped.store.js';

const pageSize = 500;

export interface RewrapProgress {
  onStep(step: string, total: number): void;
  onProgress(done: number): void;
}

/** How many rows the old key wraps; 0 when nothing rests on it. */
export async function restingOn(tx: EntityManager, keyId: Buffer): Promise<number> {
  let resting = 0;
  for (const column of wrappedColumns) resting += await countWrapped(tx, column, keyId);
  return resting;
}

/**
 * @param tx as the owner of the database: no process may change a wrapped key
 * @param identity the key in use, with the old one beside it
 * @returns how many rows were wrapped anew
 * @throws Error for a row that neither opens; nothing of its page is changed
 */
export async function rewrap(
  tx: EntityManager,
  identity: SealingKey,
  { onStep, onProgress }: RewrapProgress,
): Promise<number> {
  const old = identity.beside?.[0];
  assert(old !== undefined, 'no old identity key stands beside the one in use');
  let rewrapped = 0;
  for (const column of wrappedColumns) {
    onStep(column.table, await countWrapped(tx, column, old.keyId));
    rewrapped += await rewrapColumn(tx, column, { identity, old, onProgress });
  }
  return rewrapped;
}

interface Keys extends Pick<RewrapProgress, 'onProgress'> {
  readonly identity: SealingKey;
  readonly old: SealingKey;
}

async function rewrapColumn(
  tx: EntityManager,
  column: WrappedColumn,
  { identity, old, onProgress }: Keys,
): Promise<number> {
  let done = 0;
  for (let after = ''; ;) {
    const rows = await wrappedAfter(tx, column, old.keyId, after, pageSize);
    const last = rows.at(-1);
    if (last === undefined) return done;
    const fresh = rows.map((row) => {
      const place = { table: column.table, column: column.column, row: row.id };
      const plain = opened(() => unseal(old, place, row.value), `${column.table} ${row.id}`);
      const wrapped = seal(identity, place, plain, randomBytes);
      // It is the only copy, so it is opened once more before it takes the place of the one that is known to open.
      assert(unseal(identity, place, wrapped).equals(plain), 'a wrapped key that does not open');
      return { ...row, after: wrapped };
    });
    done += await rewriteWrapped(tx, column, fresh);
    onProgress(done);
    after = last.id;
  }
}

function opened(open: () => Buffer, row: string): Buffer {
  try {
    return open();
  } catch (cause) {
    throw new Error(
      `${row} does not open with the old key: tool fsck says more; mend it and run this again`,
      {
        cause,
      },
    );
  }
}

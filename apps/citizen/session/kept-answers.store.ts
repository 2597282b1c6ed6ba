/** Answers kept under their Idempotency-Key, outside of the write path. */
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import {
  idempotencyTable,
  type IdempotencyRow,
  type IdempotencyWant,
} from '#libs/journal/idempotency.store.js';

const { look, insert } = idempotencyTable;

/** The row of a key used within the last days; undefined for a fresh one. @param at registry time, ms */
export async function keptAnswer(
  tx: EntityManager,
  want: IdempotencyWant,
  at: number,
): Promise<IdempotencyRow | undefined> {
  if (!look) return undefined;
  const rows: { row: Record<string, unknown> }[] = await tx.query(
    `SELECT to_jsonb(k) AS row FROM (${look.sql}) k`,
    [...look.params([want], at)],
  );
  return rows[0] && look.fromJson(rows[0].row);
}

/** Keeps an answer in the transaction that made it. */
export async function keepAnswer(tx: EntityManager, row: IdempotencyRow): Promise<void> {
  if (insert) await tx.query(insert.sql, [...insert.params([row])]);
}

/**
 * Of two requests with one name the second waits here until the first has committed or given up. It waits for a row that
 * only this app's role can write, and not for an advisory lock, which any role could hold to keep a person from placing.
 */
export async function waitForTwin(tx: EntityManager, name: string): Promise<void> {
  const turn = createHash('sha256').update(name).digest();
  await tx.query('INSERT INTO citizen_turns (name) VALUES ($1) ON CONFLICT DO NOTHING', [turn]);
  await tx.query('DELETE FROM citizen_turns WHERE name = $1', [turn]);
}

/** What a failed batch says about its transaction, and about whose fault it was. */
import { AssertionError } from 'node:assert/strict';

/**
 * Whether PostgreSQL itself answered with an error, so that the transaction certainly did not commit. Class 08 and
 * 57P say that the connection or the server went away, which says nothing about a commit under way.
 */
export function isServerError(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(08|57P)/.test(state);
}

/** Whether somebody wrote the same key between look and append: looking again finds it. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/**
 * Whether one act of the batch may have caused it (its data, a constraint, a trigger, a row that moved meanwhile), so
 * that the others succeed without it. Time-outs and full disks would only fail once more for each.
 */
export function mayBeOneActs(error: unknown): boolean {
  return error instanceof AssertionError || /^(22|23|P0)/.test(sqlState(error) ?? '');
}

function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** What a failed batch says about its transaction, and about whose fault it was. */
import { AssertionError } from 'node:assert/strict';
import { Problem } from '#libs/problem/problem.js';

/**
 * Whether PostgreSQL itself answered with an error, so that the transaction certainly did not commit. Class 08 and
 * 57P say that the connection or the server went away, which says nothing about a commit under way.
 */
export function isServerError(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(08|57P)/.test(state);
}

/** Whether the connection or the server went away: no answer of the database, nor a judgement of our own. */
export function isLostConnection(error: unknown): boolean {
  return !isServerError(error) && !(error instanceof Problem) && !(error instanceof AssertionError);
}

/** Whether somebody wrote the same key between look and append: looking again finds it. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/**
 * Whether the append found that what it stands on is no longer so, which behind the lock only its instant can be: this
 * process stood still for more than a second in between. Nothing was inserted.
 */
export function isStale(error: unknown): boolean {
  return sqlState(error) === '40001';
}

/**
 * Whether one act of the batch may have caused it (its data, a constraint, a policy, a trigger, a row that moved
 * meanwhile), so that the others succeed without it. Time-outs, full disks and missing partitions (a check violation
 * that names no constraint) would only fail once more for each.
 */
export function mayBeOneActs(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  const { constraint, routine } = (error ?? {}) as {
    readonly constraint?: unknown;
    readonly routine?: unknown;
  };
  if (state === '23514') return constraint !== undefined;
  // The same state as a missing grant, which is nobody's row.
  if (state === '42501') return routine === 'ExecWithCheckOptions';
  return error instanceof AssertionError || /^(22|23|P0)/.test(state);
}

function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

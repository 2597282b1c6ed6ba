/** Registry time is the clock of the database and nothing else, but for the sandbox, which may wind its clock on. */
import type { EntityManager } from 'typeorm';
import { clockOffsetProblem } from './head-row.js';

/**
 * What readiness says of a clock that somebody moved, for processes that do not read the head row. The first clock is read
 * before the second, so only an offset lets it be ahead.
 */
export async function clockProblems(
  { manager }: { readonly manager: EntityManager },
  { sandbox }: { readonly sandbox: boolean },
): Promise<readonly string[]> {
  if (sandbox) return [];
  const rows: { isAhead: boolean }[] = await manager.query(
    'SELECT registry_now() > clock_timestamp() AS "isAhead"',
  );
  return rows[0]?.isAhead === false ? [] : [clockOffsetProblem];
}

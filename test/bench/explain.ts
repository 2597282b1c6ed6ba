/** The plans of the statements that every check runs, as PostgreSQL makes them for any values of their parameters. */
import { appendSql, lookSql } from '#libs/journal/write-path.store.js';
import { lenderTables } from '../../apps/lender/tables.store.js';
import { asOwner } from '../support/sandbox-database.js';
import type { Sandbox } from '../support/sandbox.js';

/** What a batch of checks asks and writes. */
const { refusals, idempotency, checks } = lenderTables;
const statements: Readonly<Record<string, string>> = {
  look: lookSql({ refusals, idempotency }),
  append: appendSql({ idempotency, checks }),
};

/** Asked as the lender's role, whose row-level security is part of the plan. */
export async function explained(sandbox: Sandbox): Promise<string> {
  return asOwner(
    sandbox,
    async (client) => {
      const plans: string[] = [];
      for (const [name, sql] of Object.entries(statements)) {
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(
          `EXPLAIN (GENERIC_PLAN, COSTS OFF) ${sql}`,
        );
        plans.push([`-- ${name}`, ...rows.map((row) => row['QUERY PLAN'])].join('\n'));
      }
      return plans.join('\n\n');
    },
    { database: 'tyiym', user: 'tyiym_lender', secret: 'tyiym_lender' },
  );
}

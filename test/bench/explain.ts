/**
 * The plans of the statements that run for every check and every placing, as PostgreSQL makes them for any values of
 * their parameters: the page docs/performance-explain.md.
 */
import { appendSql, lookSql } from '#libs/journal/write-path.store.js';
import { citizenTables } from '../../apps/citizen/tables.store.js';
import { lenderTables } from '../../apps/lender/tables.store.js';
import { asOwner } from '../support/sandbox-database.js';
import type { Sandbox } from '../support/sandbox.js';

interface Hot {
  readonly title: string;
  /** Whose row-level security is part of the plan. */
  readonly role: 'tyiym_lender' | 'tyiym_citizen';
  readonly sql: string;
}

const { idempotency, checks, refusals: readRefusals } = lenderTables;
const { refusals, applications, signed_documents } = citizenTables;
const statements: readonly Hot[] = [
  {
    title: 'The look of a batch of checks',
    role: 'tyiym_lender',
    sql: lookSql({ refusals: readRefusals, idempotency }),
  },
  { title: 'The append of a batch of checks', role: 'tyiym_lender', sql: appendSql({ idempotency, checks }) },
  {
    title: 'The look of a batch of signatures',
    role: 'tyiym_citizen',
    sql: lookSql({ refusals, applications }),
  },
  {
    title: 'The append of a batch of placings',
    role: 'tyiym_citizen',
    sql: appendSql({ refusals, applications, signed_documents }),
  },
];

/** The page, in Markdown. */
export async function explained(sandbox: Sandbox): Promise<string> {
  const sizes = await asOwner(sandbox, (client) =>
    client.query<{ entries: string; refusals: string; checks: string; bytes: string }>(
      `SELECT (SELECT size FROM journal_head) AS entries, (SELECT count(*) FROM refusals) AS refusals,
         (SELECT count(*) FROM checks) AS checks, pg_size_pretty(pg_database_size(current_database())) AS bytes`,
    ),
  );
  const { entries = '', refusals: refused = '', checks: checked = '', bytes = '' } = sizes.rows[0] ?? {};
  const plans: string[] = [];
  for (const { title, role, sql } of statements) {
    const lines = await asOwner(
      sandbox,
      async (client) => {
        // As these processes have it (ADR 14).
        await client.query('SET enable_seqscan = off');
        return client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${sql}`);
      },
      { database: 'tyiym', user: role, secret: role },
    );
    const plan = lines.rows.map((row) => row['QUERY PLAN']);
    plans.push([`## ${title}`, '', `As \`${role}\`.`, '', '```', ...plan, '```'].join('\n'));
  }
  const intro = `Written by \`npm run -s bench -- --explain\` on a registry of ${grouped(entries)} entries, ${grouped(refused)} refusals and
${grouped(checked)} checks, ${bytes} in all. A plan is made once for a connection, for any values of its parameters (ADR 14), so what
stands here is what runs. Nothing in it grows with the tables but the height of an index.`;
  return ['# Plans of the hot statements', intro, ...plans].join('\n\n');
}

/** Thousands apart. */
function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ' ');
}

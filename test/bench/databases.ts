/** The databases of a bench: the reference's beside the registry's, and both at rest between rounds. */
import { readFileSync } from 'node:fs';
import { asOwner, asSuperuser } from '../support/sandbox-database.js';
import type { Sandbox } from '../support/sandbox.js';
import type { StraightJob } from './straight.js';

const reference = 'bench_reference';

/** A database of its own in the same cluster, so that both write to one disk under the same settings. */
export async function referenceDatabase(
  sandbox: Sandbox,
): Promise<StraightJob['database'] & { user: string }> {
  await asSuperuser(sandbox, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${reference}`);
    await client.query(`CREATE DATABASE ${reference} OWNER tyiym_owner`);
  });
  await asOwner(
    sandbox,
    async (client) => {
      await client.query(
        'CREATE TABLE straight_refusals (subject bytea PRIMARY KEY, in_force boolean NOT NULL)',
      );
      await client.query(`CREATE TABLE straight_checks (id uuid PRIMARY KEY, lender text NOT NULL, subject bytea NOT NULL,
        product text NOT NULL, stage text NOT NULL, loan_ref text NOT NULL, verdict text NOT NULL, at timestamptz NOT NULL)`);
      await client.query('CREATE INDEX straight_checks_of_subject ON straight_checks (subject)');
    },
    { database: reference },
  );
  return {
    ...{ host: '127.0.0.1', port: sandbox.place.base + 30, database: reference, user: 'tyiym_owner' },
    password: readFileSync(sandbox.file('secrets', 'tyiym_owner'), 'utf8').trim(),
  };
}

/**
 * Vacuums come between rounds and not within them, for everybody alike: which table the server would choose to clean
 * during whose turn is chance.
 */
export async function holdVacuums(sandbox: Sandbox): Promise<void> {
  await asSuperuser(sandbox, async (client) => {
    await client.query('ALTER SYSTEM SET autovacuum = off');
    await client.query('SELECT pg_reload_conf()');
  });
}

/** Both databases vacuumed, and everything written out: no round pays for what the one before it left. */
export async function settle(sandbox: Sandbox): Promise<void> {
  for (const database of ['tyiym', reference])
    await asOwner(sandbox, (client) => client.query('VACUUM'), { database });
  await asSuperuser(sandbox, (client) => client.query('CHECKPOINT'));
}

/**
 * Brings a database to the state of the code, as its owner and under an advisory lock: graphile-worker's schema, our
 * migrations, and partitions for a fortnight.
 */
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { migrations } from '../../migrations/index.js';
import { clientOptions, dataSourceOf, type DatabaseTarget } from './database.js';

const lockNumber = 7_496_494_900_001n;

/**
 * Runs what is missing; twice at once, the second waits and finds nothing to do.
 * @returns the names of the migrations that ran, in order.
 */
export async function migrate(
  owner: DatabaseTarget,
  onStep: (name: string) => void = () => undefined,
): Promise<string[]> {
  const dataSource = dataSourceOf(owner, { poolSize: 2 }).setOptions({
    migrations,
    extra: { application_name: 'tyiym-migrate' },
  });
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  const jobs = new pg.Pool({ ...clientOptions(owner), max: 1 });
  // The library asks for them; what is lost shows in the query that needed it.
  jobs.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [lockNumber.toString()]);
    onStep('graphile-worker');
    await runMigrations({ pgPool: jobs });
    const ran = await dataSource.runMigrations({ transaction: 'each' });
    for (const { name } of ran) onStep(name);
    await dataSource.query('SELECT make_partitions(14)');
    return ran.map(({ name }) => name);
  } finally {
    await lock.query('SELECT pg_advisory_unlock_all()');
    await lock.release();
    await jobs.end();
    await dataSource.destroy();
  }
}

/** A registry's database as an older version of the schema holds it: the same rows in tables that older migrations made. */
import { randomBytes } from 'node:crypto';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { dataSourceOf, type DatabaseTarget } from '#libs/platform/database.js';
import { migrations } from '../../migrations/index.js';
import { ownerRole, provision, roleTarget } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import type { TestDatabase } from './database.js';
import { secretsDir, testCluster } from './test-home.js';

type Migration = (typeof migrations)[number];

/** Tables whose rows stand nowhere else, with the columns that can be written and the one that counts by itself. */
const tablesQuery = `SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ') AS columns,
    min(a.attname) FILTER (WHERE a.attidentity <> '') AS counted
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'migrations'
  GROUP BY c.oid, c.relname`;

/**
 * Puts the database back to how it would be had the migrations ended with `last`: made by them, with the rows it has now,
 * without the columns that came later. Nobody may be at work in it, and whoever is connected is cut off.
 * @returns the same database over new connections
 */
export async function putBackTo(database: TestDatabase, last: Migration): Promise<TestDatabase> {
  const { home, superuser } = testCluster();
  const secrets = secretsDir(home);
  const older = `test_${randomBytes(6).toString('hex')}`;
  await provision({ superuser, secretsDir: secrets, databaseName: older, sessions: 'unbounded' });
  await migrateTo(roleTarget(superuser, older, secrets, ownerRole), last);
  const target = new pg.Client(clientConfig({ ...superuser, name: older }));
  await target.connect();
  await copyRows(database.superuser, target);
  await target.end();
  await database.leave();
  const admin = new pg.Client(clientConfig(superuser));
  await admin.connect();
  const { name } = database;
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [
    name,
  ]);
  await admin.query(`DROP DATABASE ${name}`);
  await admin.query(`ALTER DATABASE ${older} RENAME TO ${name}`);
  await admin.end();
  return database.again();
}

async function migrateTo(owner: DatabaseTarget, last: Migration): Promise<void> {
  const { host, port, name, user, password } = owner;
  await runMigrations({ connectionString: `postgres://${user}:${password}@${host}:${port}/${name}` });
  const upTo = migrations.slice(0, migrations.indexOf(last) + 1);
  const dataSource = await dataSourceOf(owner, { poolSize: 1 }).setOptions({ migrations: upTo }).initialize();
  await dataSource.runMigrations({ transaction: 'each' });
  await dataSource.query('SELECT make_partitions(14)');
  await dataSource.destroy();
}

/** As a superuser who fires no trigger: the rows are what triggers once let through. */
async function copyRows(from: pg.Client, to: pg.Client): Promise<void> {
  await to.query(`SET session_replication_role = 'replica'`);
  const { rows: tables } = await to.query<{ name: string; columns: string; counted: string | null }>(
    tablesQuery,
  );
  for (const { name, columns, counted } of tables) {
    const { rows } = await from.query<{ all: string | null }>(
      `SELECT json_agg(t)::text AS all FROM ${name} t`,
    );
    await to.query(`DELETE FROM ${name}`);
    await to.query(
      `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE
       SELECT ${columns} FROM json_populate_recordset(NULL::${name}, $1)`,
      [rows[0]?.all ?? '[]'],
    );
    if (counted !== null)
      await to.query(
        `SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max(${counted}), 0) + 1 FROM ${name}), false)`,
        [name, counted],
      );
  }
}

/**
 * The one DataSource of a process: its own role, READ COMMITTED asserted at start, bigint as safe integers.
 */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { readSecretFile, type DatabaseConfig } from './config.js';
import { authorityOf, tlsTo } from './database-tls.js';
import { passwordFinder } from './database-password.js';

/** How to reach a database as one role. */
export interface DatabaseTarget {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
  /** Finds it anew for each connection; where it is absent, `password` is the one. */
  readonly findPassword?: () => Promise<string>;
  /** PEM of the authority that the server's certificate must lead to; absent: no TLS. */
  readonly ca?: string;
}

pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  assert(Number.isSafeInteger(value), 'a bigint beyond 2^53');
  return value;
});

/** The target that a configuration file names. */
export function databaseTarget(config: DatabaseConfig): DatabaseTarget {
  const { host, port, name, user } = config;
  const password = readSecretFile(config.passwordFile).trim();
  const findPassword = passwordFinder(config);
  const ca = authorityOf(config);
  return { ...{ host, port, name, user, password, findPassword }, ...(ca !== undefined && { ca }) };
}

/** What a connection is made with: the password, or the way to find it. */
function passwordOf({
  password,
  findPassword,
}: Pick<DatabaseTarget, 'password' | 'findPassword'>): string | (() => Promise<string>) {
  return findPassword ?? password;
}

/** The same for node-postgres. */
export function clientOptions(target: DatabaseTarget): pg.ClientConfig {
  const { host, port, name, user, ca } = target;
  return {
    ...{ host, port, database: name, user, password: passwordOf(target) },
    ...tlsTo(host, ca),
  };
}

const statementTimeoutMs = 5000;
/** The server answers sooner, if only that it timed out; so this long a silence is a connection that was lost. */
const silenceMs = statementTimeoutMs + 1000;

/** How a process uses its connections. */
export interface DatabaseUse {
  /** Bound of its connections. */
  readonly poolSize?: number;
  /**
   * Whether it only ever searches by key. A plan is made once (ADR 14), perhaps for a table of one page, which is read
   * faster whole; when it has grown, it would be read whole all the same.
   */
  readonly isByIndex?: boolean;
}

/** A DataSource that is not connected yet. */
export function dataSourceOf(
  target: DatabaseTarget,
  { poolSize = 10, isByIndex = false }: DatabaseUse = {},
): DataSource {
  const { host, port, name, user, ca } = target;
  return new DataSource({
    type: 'postgres',
    host,
    port,
    database: name,
    username: user,
    password: passwordOf(target),
    ...tlsTo(host, ca),
    poolSize,
    connectTimeoutMS: 2000,
    extra: {
      application_name: user.replace('_', '-'),
      statement_timeout: statementTimeoutMs,
      // Where nothing but the whole table will do, an older server takes the mark for a price and compiles: hence jit.
      options: `-c plan_cache_mode=force_generic_plan${isByIndex ? ' -c enable_seqscan=off -c jit=off' : ''}`,
      keepAlive: true,
      // What the writer sends at once arrives at once: it holds the head for two round trips instead of four.
      pipeline: true,
      idleTimeoutMillis: 30_000,
      onConnect: hangUpOnSilence,
    },
    synchronize: false,
    logging: false,
    entities: [],
  });
}

/** TCP itself waits a quarter of an hour for a peer that vanished, and whoever asked would wait with it. */
function hangUpOnSilence(client: pg.Client): void {
  const { stream } = client.connection as unknown as { readonly stream: Socket };
  stream.setTimeout(silenceMs, () => {
    const { readyForQuery } = client as unknown as { readonly readyForQuery: boolean };
    if (!readyForQuery) stream.destroy(new Error('Connection terminated: no answer of the database'));
  });
}

/**
 * Opens the DataSource and asserts what the Journal relies on.
 * @throws when the server is older than 17 or another isolation is the default.
 */
export async function openDatabase(target: DatabaseTarget, use: DatabaseUse = {}): Promise<DataSource> {
  const dataSource = await dataSourceOf(target, use).initialize();
  const rows: { version: string; isolation: string; commit: string }[] = await dataSource.query(
    `SELECT current_setting('server_version_num') AS version,
            current_setting('default_transaction_isolation') AS isolation,
            current_setting('synchronous_commit') AS commit`,
  );
  const row = rows[0];
  assert(
    row !== undefined && Number(row.version) >= 170_000,
    'PostgreSQL 17 or newer is needed (transaction_timeout)',
  );
  assert(row.isolation === 'read committed', 'the write path needs READ COMMITTED');
  assert(row.commit === 'on', 'no answer is given before it is durable: synchronous_commit must be on');
  return dataSource;
}

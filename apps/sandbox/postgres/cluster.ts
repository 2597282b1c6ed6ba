/**
 * A PostgreSQL of our own, in one folder: made on the first start and found again on every other, however the last one
 * ended. It listens on 127.0.0.1 only, asks everybody for a password, and never runs as root.
 *
 *   <dir>/data  the data directory · <dir>/postgres.log · <dir>/launcher.pid
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findBinaries } from './binaries.js';
import { ensureDataDirectory, ensureSuperuserPassword, type Place } from './data-directory.js';
import { assertVersion } from './existing.js';
import type { DatabaseTarget } from '#libs/platform/database.js';
import { targetUrl } from './target.js';
import { freeDataDirectory } from './postmaster.js';
import { assertOwned, serverUser } from './run-as.js';
import { startServer, type ServerProcess } from './server-process.js';

export interface ClusterOptions {
  /** Made, 0700, when missing. */
  readonly dir: string;
  readonly port: number;
  /** Keeps the superuser's password, 0600; when missing, a new password is set. */
  readonly superuserPasswordFile: string;
  /** Parameters of the server, over the ones below. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Cluster extends ServerProcess {
  readonly host: string;
  readonly port: number;
  readonly superuser: DatabaseTarget;
  /** The same as a URL; it holds the password. */
  readonly superuserUrl: string;
}

const host = '127.0.0.1';

const defaults = {
  listen_addresses: host,
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  wal_level: 'replica',
  fsync: 'on',
  synchronous_commit: 'on',
  // After each checkpoint the first change of a page logs all of it: with the 1 GB of the default a busy registry would
  // checkpoint each minute, and mostly log pages.
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The log must not learn what the tables hold: no statements, no parameters, no "Failing row contains …".
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_error_verbosity: 'terse',
} as const;

/**
 * Starts the server and returns when it answers.
 * @throws Error in words for the person at the terminal: port taken, folder in use, package missing, another user's data.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { dir, port, superuserPasswordFile } = options;
  const data = join(dir, 'data');
  const launcherFile = join(dir, 'launcher.pid');
  assertOwned(dir);
  const user = serverUser(data);
  const place: Place = { data, binaries: findBinaries(user), user };

  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await freeDataDirectory(data, launcherFile);
  await assertPortFree(port);
  ensureDataDirectory(place);
  const password = ensureSuperuserPassword(place, superuserPasswordFile);

  writeFileSync(launcherFile, String(process.pid));
  const settings = { ...defaults, ...options.settings, port: String(port) };
  const server = await startServer(place, settings, join(dir, 'postgres.log'));
  const superuser: DatabaseTarget = { host, port, name: 'postgres', user: 'postgres', password };
  try {
    await assertVersion(superuser);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, host, port, superuser, superuserUrl: targetUrl(superuser) };
}

/** Asked before PostgreSQL asks, because its own message names neither the program nor the setting. */
async function assertPortFree(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const reason = isTaken ? 'is taken by another program' : `cannot be used (${cause.message})`;
      const remedy = 'Stop that program, or set TYIYM_PORT_BASE to move all ports.';
      reject(new Error(`Port ${String(port)} on ${host}, for PostgreSQL, ${reason}. ${remedy}`, { cause }));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

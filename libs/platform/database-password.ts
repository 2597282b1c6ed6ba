/**
 * The password of a process's role while it is being exchanged: the old one stands in the file, the next one beside it as
 * `<file>.next`, and the database knows exactly one of the two. Each new connection finds out which, so that no process
 * has to be started anew.
 */
import { existsSync } from 'node:fs';
import pg from 'pg';
import { readSecretFile, type DatabaseConfig } from './config.js';
import { authorityOf, tlsTo } from './database-tls.js';

/** Where the next password waits until it takes the place of the one in use. */
export function nextPasswordFile(passwordFile: string): string {
  return `${passwordFile}.next`;
}

/**
 * Finds the password for a new connection. It costs a second connection only while a next password waits.
 * @throws ConfigError when others can read one of the files.
 */
export function passwordFinder(config: DatabaseConfig): () => Promise<string> {
  return async () => {
    // The waiting one is read first, because it takes the place of the other in one step: afterwards that one is right.
    const next = waitingPassword(config.passwordFile);
    const inUse = readSecretFile(config.passwordFile).trim();
    if (next === undefined) return inUse;
    // A database that cannot be reached fails the connection itself, with either password.
    return (await entersWith(config, next).catch(() => false)) ? next : inUse;
  };
}

/** The password that waits beside the one in use; undefined when none does. */
export function waitingPassword(passwordFile: string): string | undefined {
  const file = nextPasswordFile(passwordFile);
  if (!existsSync(file)) return undefined;
  try {
    return readSecretFile(file).trim();
  } catch (error) {
    // It has just taken its place.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether the role is let in with this password.
 * @throws when the database could not be asked.
 */
export async function entersWith(config: DatabaseConfig, password: string): Promise<boolean> {
  const client = roleClient(config, password);
  try {
    await client.connect();
    return true;
  } catch (error) {
    // invalid_password, invalid_authorization_specification
    if (['28P01', '28000'].includes((error as { readonly code?: string }).code ?? '')) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A connection of its own as the role of a configuration, not yet made. */
export function roleClient(config: DatabaseConfig, password: string): pg.Client {
  const { host, port, name, user } = config;
  const client = new pg.Client({
    ...{ host, port, user, password, database: name, ...tlsTo(host, authorityOf(config)) },
    ...{ application_name: 'tyiym-password', connectionTimeoutMillis: 2000 },
  });
  client.on('error', () => undefined);
  return client;
}

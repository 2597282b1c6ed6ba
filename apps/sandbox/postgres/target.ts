/** A database and the role that enters it, in the words of the programs that take them. */
import type { DatabaseTarget } from '#libs/platform/database.js';
import { tlsTo } from '#libs/platform/database-tls.js';

/** The target as a connection URL. It holds the password: never log it. */
export function targetUrl({ host, port, name, user, password }: DatabaseTarget): string {
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${credentials}@${host}:${String(port)}/${encodeURIComponent(name)}`;
}

/** The target as node-postgres takes it. */
export function clientConfig({ host, port, name, user, password, ca }: DatabaseTarget) {
  return { host, port, database: name, user, password, ...tlsTo(host, ca) };
}

/**
 * How a connection to the database knows that it is the one meant, as `sslmode=verify-full` does: a server whose
 * certificate does not lead to the authority of the configuration, or names another host, is told nothing.
 */
import { readFileSync } from 'node:fs';
import type { DatabaseConfig } from './config.js';

/** PEM of the authority; undefined: no TLS. */
export function authorityOf({ tls }: DatabaseConfig): string | undefined {
  return tls && readFileSync(tls.caFile, 'utf8');
}

/** The `ssl` of node-postgres and TypeORM, or nothing. */
export function tlsTo(host: string, ca: string | undefined) {
  if (ca === undefined) return {};
  return { ssl: { ca, rejectUnauthorized: true, minVersion: 'TLSv1.2', host } as const };
}

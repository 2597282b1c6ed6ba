/** What `DATABASE_URL` says. Nothing of it is passed over: what is not understood is refused, and no password is repeated. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseTarget } from '#libs/platform/database.js';

/** The login, and where the authority of its certificate lies when it asks for TLS. */
export interface NamedServer {
  readonly superuser: DatabaseTarget;
  readonly caFile?: string;
}

const form = 'DATABASE_URL must be of the form postgres://<user>:<password>@<host>:<port>/<database>';
const encode =
  'special characters in the password are percent-encoded, for example @ as %40, / as %2F, # as %23, ? as %3F and % as %25';

/** @throws Error without any part of the URL that may be of the password. */
export function parseDatabaseUrl(text: string): NamedServer {
  if (!URL.canParse(text)) throw new Error(`${form}; ${encode}.`);
  const url = new URL(text);
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw new Error(`${form}; it begins with another scheme.`);
  // A password that is not encoded ends the host early, and what is left of it stands behind the host.
  const behind = url.pathname.slice(1) + url.search + url.hash;
  if (url.hash !== '' || /@/.test(behind) || url.pathname.slice(1).includes('/'))
    throw new Error(`${form}; ${encode}.`);
  const ca = authorityIn(url.searchParams);
  return {
    superuser: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
      port: Number(url.port || 5432),
      name: decoded(url.pathname.slice(1)) || 'postgres',
      user: decoded(url.username) || 'postgres',
      password: decoded(url.password),
      ...(ca !== undefined && { ca: ca.pem }),
    },
    ...(ca !== undefined && { caFile: ca.file }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error(`${form}; ${encode}.`);
  }
}

/** `sslmode=disable`, or `sslmode=verify-full&sslrootcert=<file>`; the modes between encrypt for nobody in particular. */
function authorityIn(
  parameters: URLSearchParams,
): { readonly file: string; readonly pem: string } | undefined {
  const unknown = [...parameters.keys()].find((name) => !['sslmode', 'sslrootcert'].includes(name));
  if (unknown !== undefined)
    throw new Error(
      `DATABASE_URL has the parameter ${unknown}, which is not taken here: only sslmode and sslrootcert are.`,
    );
  const [mode, named] = [parameters.get('sslmode') ?? 'disable', parameters.get('sslrootcert')];
  if (mode === 'disable' && named === null) return undefined;
  if (mode !== 'verify-full' || named === null)
    throw new Error(
      'DATABASE_URL is taken with sslmode=disable, or with sslmode=verify-full&sslrootcert=<PEM file of the authority>.',
    );
  const file = resolve(named);
  if (!existsSync(file)) throw new Error(`The sslrootcert of DATABASE_URL, ${file}, is not there.`);
  return { file, pem: readFileSync(file, 'utf8') };
}

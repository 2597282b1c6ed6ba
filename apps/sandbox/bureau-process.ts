/** How the sandbox starts its two bureaus: a database, keys and a configuration for each, and nothing of the registry. */
import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import pg from 'pg';
import type { DatabaseTarget } from '#libs/platform/database.js';
import type { BureauProcessConfig } from './bureau/main.js';
import type { DatabaseServer } from './configs.js';
import { once, writeWhole } from './files.js';
import { host, parties, urlsOf, type Home, type Ports } from './plan.js';
import { clientConfig } from './postgres/target.js';
import type { Child } from './supervisor.js';

const bureaus = ['gkb', 'pkb'] as const;
const digestEveryMs = 60_000;

/** Databases of the outside world on the same server; `--fresh` drops them with the registry's. */
export const bureauDatabases: readonly string[] = bureaus.map(databaseOf);

/** A role and a database for each bureau, where they are missing. */
export async function provisionBureaus(superuser: DatabaseTarget, home: Home): Promise<void> {
  const client = new pg.Client(clientConfig(superuser));
  await client.connect();
  try {
    for (const name of bureaus) {
      const role = databaseOf(name);
      const made = await once(home.at('secrets', `${role}.json`), () => ({
        password: randomBytes(24).toString('base64url'),
        historyKey: randomBytes(32).toString('base64url'),
      }));
      const { password } = made;
      writeWhole(home.at('secrets', role), password);
      writeWhole(home.at('secrets', `${role}-histories`), made.historyKey);
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
      if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
      await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
      const { rowCount: isThere } = await client.query('SELECT FROM pg_database WHERE datname = $1', [role]);
      if (isThere === 0)
        await client.query(`CREATE DATABASE ${role} OWNER ${role} TEMPLATE template0 ENCODING 'UTF8'`);
      await client.query(`REVOKE ALL ON DATABASE ${role} FROM PUBLIC`);
    }
  } finally {
    await client.end();
  }
}

/** The children to start, their configurations written. */
export async function bureauChildren(
  home: Home,
  ports: Ports,
  server: DatabaseServer,
): Promise<readonly Child[]> {
  return Promise.all(
    bureaus.map(async (name) => {
      const file = home.at('config', `${name}.json`);
      writeWhole(file, `${JSON.stringify(await configOf(name, home, ports, server), null, 2)}\n`);
      return {
        name,
        module: join(import.meta.dirname, 'bureau', 'main.js'),
        args: ['--config', file],
        // What a page leaves behind is dead before it would be moved.
        nodeOptions: ['--max-semi-space-size=32'],
        readyUrl: `${urlsOf(ports)[name]}/readyz`,
      };
    }),
  );
}

async function configOf(
  name: (typeof bureaus)[number],
  home: Home,
  ports: Ports,
  server: DatabaseServer,
): Promise<BureauProcessConfig> {
  const urls = urlsOf(ports);
  const plan = parties.find((party) => party.name === name);
  if (plan === undefined) throw new Error(`no party ${name}`);
  const jwk = await exportJWK(createPublicKey(readFileSync(home.at('parties', `${name}.pem`), 'utf8')));
  return {
    names: plan.names,
    listen: { host, port: ports[name] },
    database: { host: server.host, port: server.port, database: databaseOf(name), user: databaseOf(name) },
    passwordFile: `../secrets/${databaseOf(name)}`,
    registry: {
      issuer: urls.access,
      tokenUrl: `${urls.accessTls}/token`,
      resource: urls.bureau,
      base: urls.bureauTls,
      jwksUrl: `${urls.log}/.well-known/jwks.json`,
      tlsCaFile: '../tls/ca.pem',
    },
    own: {
      clientId: name,
      kid: await calculateJwkThumbprint(jwk),
      keyFile: `../parties/${name}.key`,
      certFile: `../parties/${name}.pem`,
    },
    encKeyFile: `../parties/${name}-enc.key`,
    historyKeyFile: `../secrets/${databaseOf(name)}-histories`,
    digestEveryMs,
  };
}

function databaseOf(name: string): string {
  return `sandbox_${name}`;
}

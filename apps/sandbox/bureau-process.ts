/** How the sandbox starts its two bureaus: a database, keys and a configuration for each, and nothing of the registry. */
import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import type { DatabaseTarget } from '#libs/platform/database.js';
import type { BureauProcessConfig } from './bureau/main.js';
import type { DatabaseServer } from './configs.js';
import { once, writeWhole } from './files.js';
import { host, parties, urlsOf, type Home, type Ports } from './plan.js';
import { asUser, ensureDatabase, inTransaction, markDatabase, markRole } from './postgres/provision.js';
import type { Child } from './supervisor.js';

export const bureauNames = ['gkb', 'pkb'] as const;
const digestEveryMs = 60_000;

/** What the bureaus' roles and databases bear, and how the databases are called, in the order of their names. */
export interface BureauDatabases {
  readonly mark: string;
  readonly databases: readonly string[];
}

/** A role and a database for each bureau, where they are missing: the outside world, on the same server. */
export async function provisionBureaus(
  superuser: DatabaseTarget,
  home: Home,
  { mark, databases }: BureauDatabases,
): Promise<void> {
  await asUser(superuser, async (client) => {
    for (const [place, name] of bureauNames.entries()) {
      const role = roleOf(name);
      const database = databases[place] ?? role;
      const made = await once(home.at('secrets', `${role}.json`), () => ({
        password: randomBytes(24).toString('base64url'),
        historyKey: randomBytes(32).toString('base64url'),
      }));
      const { password } = made;
      writeWhole(home.at('secrets', role), password);
      writeWhole(home.at('secrets', `${role}-histories`), made.historyKey);
      await inTransaction(client, async () => {
        const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
        if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
        await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
        await markRole(client, role, mark);
      });
      await ensureDatabase(client, database, role);
      await markDatabase(client, database, mark);
      await client.query(`REVOKE ALL ON DATABASE ${client.escapeIdentifier(database)} FROM PUBLIC`);
    }
  });
}

/** The children to start, their configurations written. */
export async function bureauChildren(
  home: Home,
  ports: Ports,
  servers: Readonly<Record<string, DatabaseServer>>,
): Promise<readonly Child[]> {
  return Promise.all(
    bureauNames.map(async (name) => {
      const file = home.at('config', `${name}.json`);
      writeWhole(file, `${JSON.stringify(await configOf(name, home, ports, servers[name]), null, 2)}\n`);
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
  name: (typeof bureauNames)[number],
  home: Home,
  ports: Ports,
  server: DatabaseServer | undefined,
): Promise<BureauProcessConfig> {
  const urls = urlsOf(ports);
  const plan = parties.find((party) => party.name === name);
  if (plan === undefined || server === undefined) throw new Error(`no party ${name}`);
  const jwk = await exportJWK(createPublicKey(readFileSync(home.at('parties', `${name}.pem`), 'utf8')));
  return {
    names: plan.names,
    listen: { host, port: ports[name] },
    database: {
      ...{ host: server.host, port: server.port, database: server.name, user: roleOf(name) },
      ...(server.caFile !== undefined && { caFile: server.caFile }),
    },
    passwordFile: `../secrets/${roleOf(name)}`,
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
    historyKeyFile: `../secrets/${roleOf(name)}-histories`,
    digestEveryMs,
  };
}

function roleOf(name: string): string {
  return `sandbox_${name}`;
}

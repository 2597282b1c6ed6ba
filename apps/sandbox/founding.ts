/** How the registry of the sandbox comes to be: as an operator would do it, with the tool's own use cases. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import type { ActPins } from '#libs/acts/belief.js';
import { formatInstant } from '#libs/journal/instant.js';
import { thumbprintOf } from '#libs/platform/access/mtls.js';
import { loadConfig } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { defaultRules } from '#libs/regime/defaults.js';
import type { Rule } from '#libs/regime/regime.js';
import type { RuleValues } from '#libs/regime/rule-values.js';
import { readPublicKeys } from '../tool/keygen/keygen.service.js';
import { migrateRegistry } from '../tool/migrate/migrate.service.js';
import { pinsOf as readPins } from '../tool/pins/pins.service.js';
import { foundRegistry } from '../tool/registry.module.js';
import { credentialOf, type Inhabitants } from './inhabitants.js';
import { officials, parties, urlsOf, type Home, type Ports } from './plan.js';

/** Migrations, head row and sentinels; then keys, officials, parties and the opening, unless it is open already. */
export async function found(home: Home, ports: Ports, inhabitants: Inhabitants): Promise<void> {
  await migrateRegistry(loadConfig(home.at('config', 'owner.json'), ['tool']));
  await foundRegistry(loadConfig(home.at('config', 'tool.json'), ['tool']), {
    publicKeys: readPublicKeys(home.at('keys')),
    parties: await Promise.all(
      parties.map(async ({ name, kind, names, scopes, app }) => ({
        clientId: name,
        bin: inhabitants.bins[name],
        resource: urlsOf(ports)[app],
        keys: [
          await partyKey(home, name, 'sig'),
          ...(kind === 'bureau' ? [await partyKey(home, `${name}-enc`, 'enc')] : []),
        ],
        ...{ kind, names, scopes },
      })),
    ),
    rules: defaultRules.map(withoutLimits),
    officials: officials.map(({ name, surname, given, role, party }) => ({
      officialId: name,
      name: `${surname} ${given}`,
      role,
      ...(party !== undefined && { clientId: party }),
      certSha256: (['rsa', 'ec'] as const).map((kind) => thumbprint(credentialOf(home, name, kind).certPem)),
    })),
  });
}

/** What the founding is pinned by in every configuration. */
export async function pinsOf(home: Home): Promise<Required<ActPins>> {
  const { database } = loadConfig(home.at('config', 'tool.json'), ['tool']);
  const dataSource = await openDatabase(databaseTarget(database), { poolSize: 1 });
  try {
    return await readPins(dataSource.manager);
  } finally {
    await dataSource.destroy();
  }
}

/** The sandbox is where people measure how fast the registry is: a quota would be all they measure. */
function withoutLimits(rule: Rule): Rule {
  const value = boundless[rule.name];
  return value === undefined
    ? rule
    : { ...rule, value, source: 'The sandbox limits nobody, so that loads can be driven.' };
}

const boundless: Partial<RuleValues> = {
  checkQuota: { perSecond: 1_000_000, beyondPerMinute: 1_000_000 },
  callQuota: { reads: 10_000_000, acts: 10_000_000 },
};

/** The public half of the key in `parties/<name>.pem`. */
async function partyKey(
  home: Home,
  name: string,
  use: 'sig' | 'enc',
): Promise<Readonly<Record<string, unknown>>> {
  const pem = readFileSync(home.at('parties', `${name}.pem`), 'utf8');
  const jwk = await exportJWK(createPublicKey(pem));
  const { validFrom } = new X509Certificate(pem);
  return {
    kid: await calculateJwkThumbprint(jwk),
    use,
    jwk,
    ...(use === 'sig' && { certSha256: thumbprint(pem) }),
    notBefore: formatInstant(Date.parse(validFrom)),
  };
}

function thumbprint(pem: string): string {
  return thumbprintOf(new X509Certificate(pem).raw);
}

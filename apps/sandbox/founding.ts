/** How the registry of the sandbox comes to be: its keys published, officials and parties admitted, and opened. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { machineClock } from '#libs/platform/clock.js';
import { loadConfig } from '#libs/platform/config.js';
import { databaseTarget, openDatabase, type DatabaseTarget } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { migrate } from '#libs/platform/migrate.js';
import { thumbprintOf } from '#libs/platform/access/mtls.js';
import { journalOf } from '#libs/platform/registry.module.js';
import { insertHead, journalHead } from '#libs/journal/journal.store.js';
import { formatInstant } from '#libs/journal/instant.js';
import { insertSentinels } from '#libs/refusal/refusals.store.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { lookupKeyCheck, type LookupKeys } from '#libs/subject/subject.js';
import type { Change } from '../tool/acts/change.js';
import { OfficialActs, toolTables } from '../tool/acts/official-acts.service.js';
import { loadRegistry } from '../tool/acts/registry.store.js';
import { readPublicKeys } from '../tool/keygen/keygen.service.js';
import { credentialOf, type Inhabitants } from './inhabitants.js';
import { officials, origin, parties, urlsOf, type Home, type Ports } from './plan.js';

/** Migrations, head row and sentinels, as the owner. */
export async function prepareDatabase(owner: DatabaseTarget, keys: LookupKeys): Promise<void> {
  await migrate(owner);
  const dataSource = await openDatabase(owner, 1);
  try {
    const keyChecks = Object.fromEntries(
      [...keys].map(([epoch, key]) => [String(epoch), lookupKeyCheck(key)]),
    );
    await dataSource.transaction(async (tx) => {
      await insertHead(tx, { origin, keyChecks });
      await insertSentinels(tx, keys);
    });
  } finally {
    await dataSource.destroy();
  }
}

/** Appends the founding acts unless the Journal has entries. */
export async function found(home: Home, ports: Ports, inhabitants: Inhabitants): Promise<void> {
  const config = loadConfig(home.at('config', 'tool.json'), ['tool']);
  const dataSource = await openDatabase(databaseTarget(config.database), 2);
  const keys = readLookupKeys(config.keysDir);
  const journal = journalOf(
    { config, app: 'tool', tables: toolTables, clock: machineClock },
    dataSource,
    keys,
    loadRegistry,
  );
  try {
    const { size } = await journalHead(dataSource.manager);
    if (size > 0) return;
    const acts = new OfficialActs({ journal, origin, identityKey: readIdentityKey(config.keysDir) });
    await acts.found(await changes(home, ports, inhabitants));
  } finally {
    await journal.stop();
    await dataSource.destroy();
  }
}

async function changes(home: Home, ports: Ports, { bins }: Inhabitants): Promise<readonly Change[]> {
  const published = readPublicKeys(home.at('keys')).map((key): Change => ({
    kind: 'key.published',
    body: { ...key },
  }));
  const admitted = await Promise.all(
    parties.map(async ({ name, kind, names, scopes, app }): Promise<Change> => {
      const { key, resource } = { key: await partyKey(home, name), resource: urlsOf(ports)[app] };
      const party = { clientId: name, kind, bin: bins[name], names, scopes, resource, keys: [key] };
      return { kind: 'party.admitted', body: { party } };
    }),
  );
  const signing = officials.map(({ name, surname, given, role, party }): Change => {
    const certSha256 = (['rsa', 'ec'] as const).map((kind) =>
      thumbprint(credentialOf(home, name, kind).certPem),
    );
    const official = {
      officialId: name,
      name: `${surname} ${given}`,
      role,
      ...(party && { clientId: party }),
      certSha256,
    };
    return { kind: 'party.admitted', body: { official } };
  });
  const opened: Change = { kind: 'registry.opened', body: { origin, regime: defaultRules.map(ruleToJson) } };
  return [...published, ...admitted, ...signing, opened];
}

/** The public half of the key in `parties/<name>.pem`. */
async function partyKey(home: Home, name: string): Promise<Readonly<Record<string, unknown>>> {
  const pem = readFileSync(home.at('parties', `${name}.pem`), 'utf8');
  const jwk = await exportJWK(createPublicKey(pem));
  const { validFrom } = new X509Certificate(pem);
  return {
    kid: await calculateJwkThumbprint(jwk),
    use: 'sig',
    jwk,
    certSha256: thumbprint(pem),
    notBefore: formatInstant(Date.parse(validFrom)),
  };
}

function thumbprint(pem: string): string {
  return thumbprintOf(new X509Certificate(pem).raw);
}

/**
 * A founded registry in a test database as an operator makes it: keys by keygen, migrated, two officials, one bank and
 * one channel admitted, opened. Officials sign with certificates of an authority of the spec's own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatInstant } from '#libs/journal/instant.js';
import type { Config } from '#libs/platform/config.js';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey } from '#libs/platform/keys.js';
import { readTrustAnchors, type TrustAnchors } from '#libs/signature/trust.js';
import { verifySignature } from '#libs/signature/verify-signature.js';
import { createHash, X509Certificate } from 'node:crypto';
import { createAuthority, issuePerson, type Authority } from '../../apps/sandbox/nca/nca.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import { ownerRole } from '../../apps/sandbox/postgres/provision.js';
import { OfficialActs } from '../../apps/tool/acts/official-acts.service.js';
import { writeKeys } from '../../apps/tool/keygen/keygen.service.js';
import { migrateRegistry } from '../../apps/tool/migrate/migrate.service.js';
import {
  foundRegistry,
  openRegistry,
  type Foundation,
  type OpenRegistry,
} from '../../apps/tool/registry.module.js';
import { coverageByHand } from './cover.js';
import { testDatabase, type TestDatabase } from './database.js';
import { iss, origin } from './journals.js';
import { newKeyPair } from './machine-client.js';

/** Synthetic, from the vectors. */
const officialIins = ['061313294730', '561322042500'] as const;
/** BINs that pass the control digit and have 4, 5 or 6 as fifth digit. */
const bankBin = '010140000004';

export interface Operator {
  readonly database: TestDatabase;
  readonly config: Config;
  readonly keysRoot: string;
  readonly authority: Authority;
  readonly trust: TrustAnchors;
  readonly officials: readonly Credential[];
  readonly foundation: Foundation;
  readonly registry: OpenRegistry;
  /** The officials' acts with signatures judged by the rules alone: no list of revoked certificates is asked. */
  readonly acts: OfficialActs;
  /** DER of official number `who` over this text. */
  sign(text: string, who: number): Promise<Buffer>;
  close(): Promise<void>;
  /** Only its keys, where a test has closed and dropped the rest by itself. */
  removeKeys(): void;
}

/** @param opens whether the registry is founded, or only migrated. */
export async function newOperator({ opens }: { opens: boolean }): Promise<Operator> {
  const now = Date.now();
  const database = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), 'tyiym-operator-'));
  const removeKeys = (): void => rmSync(home, { recursive: true });
  const keysRoot = join(home, 'keys');
  const publicKeys = await writeKeys(keysRoot, now);
  const authority = await createAuthority({ at: now - 30 * 86_400_000 });
  const name = { surname: 'СЫНАҚ', given: 'ӘДІЛ' };
  const officials = await Promise.all(
    officialIins.map((iin) => issuePerson(authority, { iin, name, keyKind: 'ec', at: now - 86_400_000 })),
  );
  const trust = readTrustAnchors({
    roots: [authority.root.certPem],
    intermediates: [authority.issuing.certPem],
  });
  const config = configOf(database, keysRoot);
  await migrateRegistry({ ...config, database: loginOf(database, ownerRole) });
  const foundation: Foundation = {
    publicKeys,
    parties: [await party('regulator', 'regulator', []), await party('bank-alpha', 'bank', ['checks'])],
    officials: officials.map((official, place) => ({
      officialId: `official-${place + 1}`,
      name: 'Сынақ Әділ',
      role: 'regulator',
      clientId: 'regulator',
      certSha256: [thumbprint(official.certPem)],
    })),
  };
  if (opens) await foundRegistry(config, foundation);
  const registry = await openRegistry(config);
  await registry.journal.refreshRules();
  const acts = actsOver(registry, config, trust);
  return {
    ...{ database, config, keysRoot, authority, trust, officials, foundation, registry, acts },
    sign: (text, who) => {
      const signer = officials[who];
      if (signer === undefined) throw new Error('no such official');
      return signDocument({ ...signer, document: Buffer.from(text), at: Date.now() });
    },
    close: async () => {
      await registry.close();
      await database.drop();
      removeKeys();
    },
    removeKeys,
  };
}

/** The officials' acts over an open registry, judged by the rules alone. */
export function actsOver(
  { journal, reader, dataSource }: OpenRegistry,
  config: Config,
  trust: TrustAnchors,
): OfficialActs {
  return new OfficialActs({
    journal,
    origin: config.origin,
    identityKey: readIdentityKey(config.keysDir),
    coverage: coverageByHand({ config, trust }, reader, dataSource.manager),
    signatures: {
      trust,
      verifier: {
        verify: verifySignature,
        knownGood: () => Promise.resolve({ kind: 'crl', der: Buffer.alloc(0), sha256: '', stale: false }),
      },
    },
  });
}

/** The body of `party.admitted` for a party with a fresh key. */
export async function party(
  clientId: string,
  kind: string,
  scopes: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const { kid, publicJwk } = await newKeyPair();
  return {
    clientId,
    kind,
    bin: bankBin,
    names: { kk: 'Ұйым', ru: 'Организация', en: 'Organisation' },
    scopes,
    resource: 'http://127.0.0.1:8081',
    keys: [{ kid, use: 'sig', jwk: publicJwk, notBefore: formatInstant(Date.now() - 60_000) }],
  };
}

/** base64url SHA-256 of a certificate. */
export function thumbprint(certPem: string): string {
  return createHash('sha256').update(new X509Certificate(certPem).raw).digest('base64url');
}

/** A DataSource of any role, for looking; the caller destroys it. */
export const enter = (database: TestDatabase, role: Parameters<TestDatabase['target']>[0]) =>
  openDatabase(database.target(role), { poolSize: 2 });

export function loginOf(
  database: TestDatabase,
  role: Parameters<TestDatabase['target']>[0],
): Config['database'] {
  const { host, port, name, user } = database.target(role);
  return { host, port, name, user, passwordFile: database.passwordFile(role) };
}

function configOf(database: TestDatabase, keysRoot: string): Config {
  return {
    app: 'tool',
    sandbox: true,
    origin,
    database: loginOf(database, 'tyiym_tool'),
    keysDir: join(keysRoot, 'tool'),
    issuer: 'http://127.0.0.1:8085',
    logBase: iss,
  };
}

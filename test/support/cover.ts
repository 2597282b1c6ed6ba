/**
 * The clerk's word on acts, for specs in which no clerk runs: the clerk's own service, with its role and its keys, asked
 * once. Only whether an official's certificate is revoked is taken as answered.
 */
import { dirname, join } from 'node:path';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { Config } from '#libs/platform/config.js';
import { machineClock } from '#libs/platform/clock.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { readTrustAnchors, type TrustAnchors } from '#libs/signature/trust.js';
import type { Authority } from '../../apps/sandbox/nca/nca.js';
import { lookupKeyChecks, sentinelsOf } from '#libs/subject/subject.js';
import { VerifyActsService, type VerifiedActs } from '../../apps/clerk/acts/verify-acts.service.js';
import { clerkTables } from '../../apps/clerk/moves/move-refusal.service.js';
import type { Coverage } from '../../apps/tool/acts/coverage.service.js';

export interface CoverSettings {
  /** The tool's configuration; the clerk's keys lie beside its own. */
  readonly config: Config;
  readonly trust: TrustAnchors;
}

/** Verifies what waits, as the clerk does. */
export async function coverActs({ config, trust }: CoverSettings): Promise<VerifiedActs> {
  const keysDir = join(dirname(config.keysDir), 'clerk-worker');
  const role = 'tyiym_clerk_worker';
  const passwordFile = join(dirname(config.database.passwordFile), role);
  const dataSource = await openDatabase(databaseTarget({ ...config.database, user: role, passwordFile }), {
    poolSize: 2,
  });
  const reader = new RegistryReader(config.acts ?? {});
  const lookup = readLookupKeys(keysDir);
  const journal = new Journal({
    dataSource,
    app: 'clerk',
    tables: clerkTables,
    origin: config.origin,
    iss: config.logBase,
    headKey: readSigningKey(keysDir, 'head.jwk.json'),
    keyChecks: lookupKeyChecks(lookup),
    sentinels: sentinelsOf(lookup),
    loadRules: () => Promise.resolve({}),
    clock: machineClock,
  });
  try {
    await journal.refreshRules();
    const evidence = { kind: 'crl', der: Buffer.alloc(0), sha256: '', stale: false } as const;
    return await new VerifyActsService({
      ...{ tx: dataSource.manager, journal, reader, trust },
      key: readSigningKey(keysDir, 'registry.jwk.json'),
      identityKey: readIdentityKey(keysDir),
      verifier: { knownGood: () => Promise.resolve(evidence) },
    }).verify();
  } finally {
    await journal.stop();
    await dataSource.destroy();
  }
}

/** In place of a clerk that runs beside the tool. */
export function coverageByHand(
  settings: CoverSettings,
  reader: RegistryReader,
  tx: Parameters<RegistryReader['read']>[0],
): Coverage {
  return {
    async settled() {
      const before = await reader.read(tx);
      if (!before.covered.isOpen || before.pending.length === 0) return before;
      await coverActs(settings);
      return reader.read(tx);
    },
  };
}

/** The authority's certificates, as officials' signatures are judged by them. */
export function trustOf({ root, issuing }: Authority): TrustAnchors {
  return readTrustAnchors({ roots: [root.certPem], intermediates: [issuing.certPem] });
}

/**
 * The registry as the operator's programs see it: the tool's database role, its keys and its Journal. The sandbox opens
 * the same to found its registry, so seeding goes through the acts an operator would use.
 */
import { readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { Tables } from '#libs/journal/act.js';
import { Journal } from '#libs/journal/journal.service.js';
import { machineClock } from '#libs/platform/clock.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { defaultRules } from '#libs/regime/defaults.js';
import type { Rule } from '#libs/regime/regime.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { readTrustAnchors, type TrustAnchors } from '#libs/signature/trust.js';
import { makeVerifier } from '#libs/signature/verifier.client.js';
import { identityKeyChecks } from '#libs/subject/person.js';
import { lookupKeyChecks, sentinelsOf } from '#libs/subject/subject.js';
import type { Change } from '#libs/acts/change.js';
import { OfficialActs, toolTables, type ToolJournal } from './acts/official-acts.service.js';
import type { Registry } from '#libs/acts/registry.js';
import { coverageOf } from './acts/coverage.service.js';
import type { PublicKey } from './keygen/keys.js';

export interface OpenRegistry {
  readonly dataSource: DataSource;
  readonly journal: ToolJournal;
  readonly reader: RegistryReader;
  readonly acts: OfficialActs;
  close(): Promise<void>;
}

/**
 * Opens the registry a configuration of app `tool` names.
 * @param successor the next log, when the one of the configuration is to be closed.
 */
export async function openRegistry(config: Config, successor?: string): Promise<OpenRegistry> {
  const dataSource = await openDatabase(databaseTarget(config.database), { poolSize: 4 });
  const verifier = config.nca && makeVerifier(config.nca);
  const trust = trustOf(config);
  const reader = new RegistryReader(config.acts ?? {});
  const journal = toolJournal(config, dataSource, successor);
  const acts = new OfficialActs({
    journal,
    origin: config.origin,
    identityKey: readIdentityKey(config.keysDir),
    coverage: coverageOf(reader, dataSource.manager, machineClock),
    ...(verifier && trust && { signatures: { verifier, trust } }),
  });
  return {
    ...{ dataSource, journal, reader, acts },
    close: async () => {
      await journal.stop();
      await verifier?.close();
      await dataSource.destroy();
    },
  };
}

/**
 * The Journal of the operator's acts over an open database; with a successor one whose append closes the log of the
 * configuration.
 */
export function toolJournal(config: Config, dataSource: DataSource, successor?: string): ToolJournal {
  // Each act is decided from the whole registry, so none may share a batch with an act before it.
  return journalOver(config, dataSource, toolTables, 1, successor);
}

/** A Journal in the tool's name over these tables. */
export function journalOver<T extends Tables>(
  config: Config,
  dataSource: DataSource,
  tables: T,
  maxBatch: number,
  successor?: string,
): Journal<T, Registry> {
  const lookupKeys = readLookupKeys(config.keysDir);
  const reader = new RegistryReader(config.acts ?? {});
  return new Journal({
    dataSource,
    app: 'tool',
    origin: successor ?? config.origin,
    ...(successor !== undefined && { closes: config.origin }),
    iss: config.logBase,
    headKey: readSigningKey(config.keysDir, 'head.jwk.json'),
    keyChecks: lookupKeyChecks(lookupKeys),
    identityChecks: identityKeyChecks(readIdentityKey(config.keysDir)),
    sentinels: sentinelsOf(lookupKeys),
    tables,
    loadRules: async (tx, { size, clockOffsetMs: offsetMs }) =>
      (await reader.read(tx, { size, offsetMs })).registry,
    clock: machineClock,
    maxBatch,
    onFailure: (what, error) => {
      console.error(`${what}: ${String((error as { cause?: unknown }).cause ?? error)}`);
    },
  });
}

/** The pinned certificates of a configuration; undefined when it names none. */
export function trustOf({ nca }: Pick<Config, 'nca'>): TrustAnchors | undefined {
  const pem = (file: string): string => readFileSync(file, 'utf8');
  return (
    nca && readTrustAnchors({ roots: nca.rootFiles.map(pem), intermediates: nca.intermediateFiles.map(pem) })
  );
}

/** What a new registry begins with; parties and officials are bodies of `party.admitted`. */
export interface Foundation {
  readonly publicKeys: readonly PublicKey[];
  readonly parties: readonly Readonly<Record<string, unknown>>[];
  readonly officials: readonly Readonly<Record<string, unknown>>[];
  /** The law it begins with; the default regime unless said. */
  readonly rules?: readonly Rule[];
}

/**
 * Publishes the keys, admits parties and officials and opens the registry with its regime: one commit.
 * @returns false when it is open already and nothing was done.
 */
export async function foundRegistry(config: Config, foundation: Foundation): Promise<boolean> {
  const { acts, journal, close } = await openRegistry(config);
  try {
    if ((await journal.refreshRules()).isOpen) return false;
    const { publicKeys, parties, officials, rules = defaultRules } = foundation;
    const changes: readonly Change[] = [
      ...publicKeys.map((key): Change => ({ kind: 'key.published', body: { ...key } })),
      ...parties.map((party): Change => ({ kind: 'party.admitted', body: { party } })),
      ...officials.map((official): Change => ({ kind: 'party.admitted', body: { official } })),
      { kind: 'registry.opened', body: { origin: config.origin, regime: rules.map(ruleToJson) } },
    ];
    await acts.found(changes);
    return true;
  } finally {
    await close();
  }
}

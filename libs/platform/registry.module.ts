/**
 * The registry as an appending app sees it: its database, its keys, the Journal over its tables, the rules, the
 * directory of parties and its readiness. One wiring for all, so that no app can leave out a check of another.
 */
import { Inject, Module, type DynamicModule, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { partiesOf } from '#libs/acts/parties.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { Tables } from '#libs/journal/act.js';
import type { ProcessName } from '#libs/journal/entry.js';
import type { JournalOptions } from '#libs/journal/config.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { Rules } from '#libs/refusal/rules.js';
import { valueOrBuiltIn } from '#libs/regime/defaults.js';
import type { LaterRule, RuleValues } from '#libs/regime/rule-values.js';
import { identityKeyChecks } from '#libs/subject/person.js';
import { lookupKeyChecks, sentinelsOf, type LookupKeys } from '#libs/subject/subject.js';
import { PARTY_DIRECTORY } from './access/access.module.js';
import type { PartyDirectory } from './access/caller.js';
import { failureRecord } from '#libs/problem/failure-record.js';
import { machineClock, type Clock } from './clock.js';
import { callsPerAddress, type Config } from './config.js';
import { databaseTarget, openDatabase } from './database.js';
import { Idempotency } from './idempotency.js';
import { READINESS, type Readiness } from './readiness.js';
import { readIdempotencyKey, readIdentityKey, readLookupKeys, readSigningKey } from './keys.js';
import { CallLimits } from './limits/call-limits.service.js';
import { createLogger } from './logging.js';
import { LongPolls, type WaitingPlaces } from './long-poll.js';
import { CHECK_QUOTA, LOOKUP_KEYS } from './registry-tokens.js';

export interface RegistrySettings<T extends Tables> {
  readonly config: Config;
  readonly app: ProcessName;
  readonly tables: T;
  /** Machine time; a test may bring another. */
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Limits of the batches: the lender's process has others. */
  readonly limits?: Pick<JournalOptions<T, Rules>, 'maxBatch' | 'minIntervalMs'>;
  /** How many calls may wait at once. */
  readonly waitingPlaces?: WaitingPlaces;
}

const warnBelowDays = 7;
const defaultLimits = { maxBatch: 128, minIntervalMs: 50 };
/** A party needs one call that waits, and a few processes each one of their own. */
const defaultWaitingPlaces = { perParty: 32, inAll: 1024 };

@Module({})
export class RegistryModule implements OnModuleInit, OnModuleDestroy {
  private refreshing: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Journal) private readonly journal: Journal<Tables, Rules>,
    @Inject(DataSource) private readonly dataSource: DataSource,
  ) {}

  static register<T extends Tables>(settings: RegistrySettings<T>): DynamicModule {
    return {
      module: RegistryModule,
      global: true,
      providers: [
        {
          provide: DataSource,
          // The clerk counts for the figures, too.
          useFactory: () =>
            openDatabase(databaseTarget(settings.config.database), { isByIndex: settings.app !== 'clerk' }),
        },
        { provide: LOOKUP_KEYS, useFactory: () => readLookupKeys(settings.config.keysDir) },
        { provide: Idempotency, useFactory: () => idempotencyOf(settings) },
        {
          provide: RegistryReader,
          useFactory: () => new RegistryReader(settings.config.acts ?? {}),
        },
        {
          provide: Journal,
          inject: [DataSource, LOOKUP_KEYS, RegistryReader],
          useFactory: (dataSource: DataSource, keys: LookupKeys, reader: RegistryReader) =>
            journalOf(settings, dataSource, keys, reader),
        },
        { provide: PARTY_DIRECTORY, inject: [Journal, RegistryReader], useFactory: directoryOf },
        { provide: READINESS, inject: [Journal, DataSource, RegistryReader], useFactory: readinessOf },
        {
          provide: CHECK_QUOTA,
          inject: [Journal],
          useFactory: (journal: Journal<Tables, Rules>) => quotaIn(journal, 'checkQuota'),
        },
        {
          provide: LongPolls,
          useFactory: () => new LongPolls(settings.waitingPlaces ?? defaultWaitingPlaces),
        },
        {
          provide: CallLimits,
          inject: [DataSource, Journal],
          useFactory: (dataSource: DataSource, journal: Journal<Tables, Rules>) =>
            callLimitsOf(settings, dataSource, journal),
        },
      ],
      exports: [
        ...[DataSource, LOOKUP_KEYS, Idempotency, RegistryReader, Journal],
        ...[PARTY_DIRECTORY, READINESS, CHECK_QUOTA, CallLimits, LongPolls],
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.journal.refreshRules();
    // Batches see new rules at once; this is for what is refused before a batch, such as a suspended party's token.
    this.refreshing = setInterval(() => void this.journal.refreshRules().catch(() => undefined), 1000);
    this.refreshing.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.refreshing);
    await this.journal.stop();
    await this.dataSource.destroy();
  }
}

/** The Journal of a process over its tables. */
function journalOf<T extends Tables>(
  settings: RegistrySettings<T>,
  dataSource: DataSource,
  keys: LookupKeys,
  reader: RegistryReader,
): Journal<T, Rules> {
  const { config, app, tables, clock = machineClock, limits = defaultLimits } = settings;
  const logger = settings.logger ?? createLogger(config.app);
  return new Journal({
    ...limits,
    dataSource,
    app,
    tables,
    clock,
    loadRules: async (tx, { size, clockOffsetMs: offsetMs }) => {
      const belief = await reader.read(tx, { size, offsetMs });
      return { parties: partiesOf(belief), regime: belief.registry.regime };
    },
    origin: config.origin,
    iss: config.logBase,
    headKey: readSigningKey(config.keysDir, 'head.jwk.json'),
    keyChecks: lookupKeyChecks(keys),
    identityChecks: identityKeyChecks(readIdentityKey(config.keysDir)),
    sentinels: sentinelsOf(keys),
    onFailure: (what, error) => logger.warn({ failure: failureRecord(error) }, what),
  });
}

/** Only apps that answer requests with keys have one. */
function idempotencyOf({
  app,
  config,
}: Pick<RegistrySettings<Tables>, 'app' | 'config'>): Idempotency | undefined {
  return app === 'citizen' || app === 'lender' || app === 'bureau'
    ? new Idempotency(readIdempotencyKey(config.keysDir))
    : undefined;
}

function directoryOf(journal: Journal<Tables, Rules>, reader: RegistryReader): PartyDirectory {
  return {
    partyOf: (clientId) => journal.rules().parties.get(clientId),
    registryNow: () => journal.registryNow(),
    isCompromised: (kid) => reader.belief.registry.signingKeys.get(kid)?.revokedAt !== undefined,
    onRulesChanged: (listener) => journal.onRulesChanged(listener),
  };
}

/** What the regime gives a party at this instant; another value counts from the next look at the rules on. */
function quotaIn<N extends LaterRule>(
  journal: Journal<Tables, Rules>,
  name: N,
): (clientId: string) => RuleValues[N] {
  return (clientId) => valueOrBuiltIn(journal.rules().regime, name, journal.registryNow(), clientId);
}

function callLimitsOf(
  { config, logger }: RegistrySettings<Tables>,
  dataSource: DataSource,
  journal: Journal<Tables, Rules>,
): CallLimits {
  return new CallLimits({
    dataSource,
    app: config.app,
    quotaOf: quotaIn(journal, 'callQuota'),
    perAddress: callsPerAddress(config),
    log: logger ?? createLogger(config.app),
  });
}

function readinessOf(
  journal: Journal<Tables, Rules>,
  { manager }: DataSource,
  reader: RegistryReader,
): Readiness {
  return async () => {
    const { problems, daysOfPartitions } = await journal.readiness();
    const doubts = await reader.doubts(manager);
    return {
      ok: problems.length + doubts.problems.length === 0,
      problems: [...problems, ...doubts.problems],
      warnings: [
        ...doubts.warnings,
        ...(daysOfPartitions < warnBelowDays ? [`partitions for ${daysOfPartitions} days only`] : []),
      ],
    };
  };
}

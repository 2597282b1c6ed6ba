/** The clerk's worker process: jobs and duties over the registry, begun when it is wired and ended before it is closed. */
import { readFileSync } from 'node:fs';
import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Provider,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Journal } from '#libs/journal/journal.service.js';
import { machineClock } from '#libs/platform/clock.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget } from '#libs/platform/database.js';
import { Bell } from '#libs/platform/bell.js';
import { readFeedRoots, readIdentityKey, readSigningKey } from '#libs/platform/keys.js';
import { createLogger } from '#libs/platform/logging.js';
import { RegistryModule } from '#libs/platform/registry.module.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import type { Rules } from '#libs/refusal/rules.js';
import { readTrustAnchors, type TrustAnchors } from '#libs/signature/trust.js';
import { newestLists } from '#libs/signature/newest-lists.store.js';
import { makeVerifier } from '#libs/signature/verifier.client.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import { headKeysOf } from '#libs/acts/head-keys.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { actsDuty } from './acts.worker.js';
import { VerifyActsService } from './acts/verify-acts.service.js';
import { HarvestingService, type HarvestingSettings } from './harvesting/harvesting.service.js';
import { PeopleAskedService } from './harvesting/people-asked.service.js';
import { SealingService } from './feed/sealing.service.js';
import { feedDuty, strangeKeys, withheldItems } from './feed.worker.js';
import { jobsOf, tellOfMoves, type Jobs } from './jobs.worker.js';
import { begin, type Duties, type Duty } from './loop.worker.js';
import { clerkTables, MoveRefusalService, type ClerkTables } from './moves/move-refusal.service.js';
import { NoticesService } from './notices/notices.service.js';
import { StalePlacingsService } from './stale/stale-placings.service.js';
import { comparisonDuty } from './comparison.worker.js';
import { upkeepOf } from './upkeep.worker.js';
import { WatchdogClient } from './watchdog/watchdog.client.js';
import { WatchdogService } from './watchdog/watchdog.service.js';
import { watchdogDuties } from './watchdog.worker.js';

const JOBS = Symbol('JOBS');
const VERIFIER = Symbol('VERIFIER');
type Verifier = ReturnType<typeof makeVerifier>;

/** What asks for the watchdog, where it is configured. */
const ASKER = Symbol('ASKER');
const LOGGER = Symbol('LOGGER');

@Module({})
export class ClerkWorkerModule implements OnApplicationBootstrap, OnModuleDestroy {
  private duties: Duties | undefined;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(MoveRefusalService) private readonly moves: MoveRefusalService,
    @Inject(StalePlacingsService) private readonly stale: StalePlacingsService,
    @Inject(HarvestingService) private readonly harvesting: HarvestingService,
    @Inject(PeopleAskedService) private readonly peopleAsked: PeopleAskedService,
    @Inject(NoticesService) private readonly notices: NoticesService,
    @Inject(VerifyActsService) private readonly acts: VerifyActsService,
    @Inject(VERIFIER) private readonly verifier: Verifier,
    @Inject(SealingService) private readonly sealing: SealingService,
    @Inject(Bell) private readonly bell: Bell,
    @Inject(JOBS) private readonly jobs: Jobs,
    @Inject(ASKER) private readonly asker: WatchdogClient | undefined,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  static register(config: Config, log: Logger = createLogger(config.app)): DynamicModule {
    const { nca } = config;
    if (nca === undefined) throw new Error('nca: the clerk asks whether certificates are revoked');
    const pem = (file: string): string => readFileSync(file, 'utf8');
    const trust = readTrustAnchors({
      roots: nca.rootFiles.map(pem),
      intermediates: nca.intermediateFiles.map(pem),
    });
    return {
      module: ClerkWorkerModule,
      imports: [RegistryModule.register({ config, app: 'clerk', tables: clerkTables, logger: log })],
      providers: [
        { provide: LOGGER, useValue: log },
        {
          provide: VERIFIER,
          inject: [DataSource],
          useFactory: ({ manager }: DataSource) => makeVerifier(nca, { newest: newestLists(manager) }),
        },
        {
          provide: MoveRefusalService,
          inject: [DataSource, Journal, LOOKUP_KEYS, VERIFIER, RegistryReader],
          useFactory: (
            dataSource: DataSource,
            journal: Journal<ClerkTables, Rules>,
            lookup: LookupKeys,
            verifier: Verifier,
            reader: RegistryReader,
          ) =>
            new MoveRefusalService({
              ...{ tx: dataSource.manager, journal, trust, verifier },
              keys: { identity: readIdentityKey(config.keysDir), lookup },
              rules: () => journal.refreshRules(),
              headKeys: async () => {
                await journal.refreshRules();
                return headKeysOf(reader.belief.registry);
              },
              onAlarm: tellOfMoves(log),
            }),
        },
        {
          provide: StalePlacingsService,
          inject: [DataSource, VERIFIER],
          useFactory: ({ manager: tx }: DataSource, verifier: Verifier) =>
            new StalePlacingsService({ tx, identity: readIdentityKey(config.keysDir), trust, verifier }),
        },
        ...harvestingProviders,
        verifyActs(config, trust),
        ...feedProviders(config),
        {
          provide: ASKER,
          useFactory: () => config.watchdog && WatchdogClient.of(config.watchdog, config.issuer),
        },
        {
          provide: NoticesService,
          inject: [DataSource, Journal, LOOKUP_KEYS],
          useFactory: (dataSource: DataSource, journal: Journal<ClerkTables, Rules>, lookup: LookupKeys) =>
            new NoticesService({
              ...{ dataSource, rules: () => journal.rules() },
              keys: { identity: readIdentityKey(config.keysDir), lookup },
            }),
        },
        {
          provide: JOBS,
          inject: [MoveRefusalService],
          useFactory: (moves: MoveRefusalService) => jobsOf(databaseTarget(config.database), moves, log),
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    const { dataSource, moves, stale, notices, harvesting, peopleAsked, log } = this;
    const settings = { dataSource, moves, stale, notices, harvesting, peopleAsked, log };
    const feed = feedDuty(this.sealing, this.bell);
    const duties = [
      ...this.jobs.duties,
      feed,
      actsDuty(this.acts, log),
      ...upkeepOf(settings),
      comparisonDuty(dataSource.manager, log),
      ...this.watchdog(),
    ];
    this.duties = begin(duties, this.log);
  }

  private watchdog(): readonly Duty[] {
    const { asker: client, dataSource, log } = this;
    if (client === undefined) return [];
    return watchdogDuties(new WatchdogService({ tx: dataSource.manager, client, clock: machineClock }), log);
  }

  async onModuleDestroy(): Promise<void> {
    await this.duties?.stop();
    await this.bell.close();
    await this.jobs.close();
    await this.asker?.close();
    await this.verifier.close();
  }
}

/** Who says for every process which acts of officials hold. */
function verifyActs({ keysDir }: Config, trust: TrustAnchors): Provider {
  return {
    provide: VerifyActsService,
    inject: [DataSource, Journal, RegistryReader, VERIFIER],
    useFactory: (
      { manager: tx }: DataSource,
      journal: Journal<ClerkTables, Rules>,
      reader: RegistryReader,
      verifier: Verifier,
    ) =>
      new VerifyActsService({
        ...{ tx, journal, reader, trust, verifier },
        key: readSigningKey(keysDir, 'registry.jwk.json'),
        identityKey: readIdentityKey(keysDir),
      }),
  };
}

/** What seals the feed, and what wakes it. */
function feedProviders({ database, keysDir }: Config): Provider[] {
  return [
    {
      provide: SealingService,
      inject: [DataSource, Journal, LOOKUP_KEYS],
      useFactory: (
        { manager: tx }: DataSource,
        journal: Journal<typeof clerkTables, Rules>,
        lookup: LookupKeys,
      ) =>
        new SealingService({
          tx,
          keys: { feed: readFeedRoots(keysDir), identity: readIdentityKey(keysDir), lookup },
          parties: () => journal.rules().parties.values(),
          registryNow: () => journal.registryNow(),
          onWithheld: (bureau, count) => withheldItems.inc({ bureau }, count),
          onStrangeKeys: (bureau, count) => strangeKeys.inc({ bureau }, count),
        }),
    },
    { provide: Bell, useFactory: () => new Bell(databaseTarget(database), 'tyiym_feed') },
  ];
}

/** What looks at how lenders ask. */
const harvestingProviders: Provider[] = [
  {
    provide: HarvestingService,
    inject: [DataSource, Journal],
    useFactory: ({ manager: tx }: DataSource, journal: HarvestingSettings['journal']) =>
      new HarvestingService({ tx, journal }),
  },
  {
    provide: PeopleAskedService,
    inject: [DataSource, Journal],
    useFactory: ({ manager: tx }: DataSource, journal: Journal<ClerkTables, Rules>) =>
      new PeopleAskedService({ tx, journal }),
  },
];

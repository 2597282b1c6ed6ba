/** Citizens: they place and lift, through a channel or with their phone, and see what stands in their name. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  Inject,
  Module,
  type DynamicModule,
  type OnModuleDestroy,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { PartyAccessModule } from '#libs/platform/access/access.module.js';
import { listenersOf } from '#libs/platform/access/listeners.js';
import { Bell } from '#libs/platform/bell.js';
import { machineClock } from '#libs/platform/clock.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget } from '#libs/platform/database.js';
import { DatabaseSignal } from '#libs/platform/database-signal.js';
import { HealthController } from '#libs/platform/health.controller.js';
import { readIdentityKey } from '#libs/platform/keys.js';
import { createLogger } from '#libs/platform/logging.js';
import { RegistryModule, type RegistrySettings } from '#libs/platform/registry.module.js';
import { IDENTITY_KEY } from '#libs/platform/registry-tokens.js';
import { readTrustAnchors } from '#libs/signature/trust.js';
import { newestLists } from '#libs/signature/newest-lists.store.js';
import { makeVerifier } from '#libs/signature/verifier.client.js';
import { ApplicationsController } from './applications/applications.controller.js';
import { ApplicationsService } from './applications/applications.service.js';
import { OutcomeService, signedChannel } from './applications/outcome.service.js';
import { CITIZEN_LOG, PeopleService } from './applications/people.service.js';
import { SIGNATURE_VERIFIER, SigningService, TRUST_ANCHORS } from './applications/signing.service.js';
import { PhoneController } from './egov-mobile/phone.controller.js';
import { PhoneTokenGuard } from './egov-mobile/phone-token.guard.js';
import { defaultPhoneLaunchUrl, PHONE_LAUNCH_URL } from './egov-mobile/phone-links.js';
import { ORGANISATION, PhoneService } from './egov-mobile/phone.service.js';
import { RefusalController } from './refusal/refusal.controller.js';
import { RefusalService } from './refusal/refusal.service.js';
import { StampsShownService } from './refusal/stamps-shown.service.js';
import { CITIZEN_RESOURCE, CitizenPresence, MACHINE_CLOCK } from './session/citizen-presence.service.js';
import { KeptAnswers } from './session/kept-answers.service.js';
import { citizenTables, type CitizenTables } from './tables.store.js';
import { TrailController } from './trail/trail.controller.js';
import { TrailService } from './trail/trail.service.js';

type AccessOverrides = Parameters<typeof PartyAccessModule.register>[0];
type Overrides = Pick<RegistrySettings<CitizenTables>, 'clock' | 'logger'> & Pick<AccessOverrides, 'keys'>;

@Module({})
export class CitizenModule implements OnModuleInit, OnModuleDestroy {
  constructor(
    @Inject(SIGNATURE_VERIFIER) private readonly verifier: ReturnType<typeof makeVerifier>,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(PhoneTokenGuard) private readonly phoneToken: PhoneTokenGuard,
    @Inject(Bell) private readonly feed: Bell,
  ) {}

  /** `overrides` lets a test bring its own clock and keys of the issuer. */
  static register(config: Config, overrides: Overrides = {}): DynamicModule {
    const { keys, ...rest } = overrides;
    const registry = RegistryModule.register({
      ...{ ...rest, config, app: 'citizen', tables: citizenTables },
      // A channel speaks for a country: each of its sessions waits for its own application.
      waitingPlaces: { perParty: 4096, inAll: 8192 },
    });
    return {
      module: CitizenModule,
      imports: [
        registry,
        PartyAccessModule.register({
          issuer: config.issuer,
          scopes: ['citizen'],
          listeners: listenersOf(config),
          imports: [registry],
          ...(rest.clock && { clock: rest.clock }),
          ...(keys && { keys }),
        }),
      ],
      controllers: [
        HealthController,
        ApplicationsController,
        RefusalController,
        TrailController,
        PhoneController,
      ],
      providers: [
        ...settingsOf(config, overrides),
        ...[ApplicationsService, PeopleService, SigningService, OutcomeService],
        ...[RefusalService, TrailService],
        ...[PhoneService, PhoneTokenGuard, CitizenPresence, KeptAnswers, StampsShownService],
      ],
    };
  }

  onModuleInit(): void {
    this.phoneToken.guard(this.adapterHost.httpAdapter.getInstance<FastifyInstance>());
  }

  async onModuleDestroy(): Promise<void> {
    await this.feed.close();
    await this.verifier.close();
  }
}

/** What the services are given from the configuration. */
function settingsOf(config: Config, { clock, logger }: Overrides): Provider[] {
  const { publicBase, nca, egovMobile } = config;
  assert(
    publicBase !== undefined && nca !== undefined && egovMobile !== undefined,
    'publicBase, nca and egovMobile: this app needs them',
  );
  const log = logger ?? createLogger(config.app);
  const read = (file: string): string => readFileSync(file, 'utf8');
  const pems = { roots: nca.rootFiles.map(read), intermediates: nca.intermediateFiles.map(read) };
  return [
    { provide: CITIZEN_RESOURCE, useValue: publicBase },
    { provide: Bell, useFactory: () => new Bell(databaseTarget(config.database), 'tyiym_feed') },
    {
      provide: DatabaseSignal,
      useFactory: () => new DatabaseSignal(databaseTarget(config.database), signedChannel),
    },
    { provide: MACHINE_CLOCK, useValue: clock ?? machineClock },
    { provide: IDENTITY_KEY, useFactory: () => readIdentityKey(config.keysDir) },
    { provide: TRUST_ANCHORS, useFactory: () => readTrustAnchors(pems) },
    {
      provide: SIGNATURE_VERIFIER,
      inject: [DataSource],
      useFactory: ({ manager }: DataSource) => makeVerifier(nca, { newest: newestLists(manager) }),
    },
    { provide: ORGANISATION, useValue: egovMobile.organisation },
    { provide: PHONE_LAUNCH_URL, useValue: egovMobile.launchUrl ?? defaultPhoneLaunchUrl },
    { provide: CITIZEN_LOG, useValue: log },
  ];
}

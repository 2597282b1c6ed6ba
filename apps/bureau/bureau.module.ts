/** Credit bureaus: they fetch what they are to record here, and say that they did. */
import assert from 'node:assert/strict';
import { Inject, Module, type DynamicModule, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { PartyAccessModule } from '#libs/platform/access/access.module.js';
import { listenersOf } from '#libs/platform/access/listeners.js';
import { Bell } from '#libs/platform/bell.js';
import { machineClock } from '#libs/platform/clock.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget } from '#libs/platform/database.js';
import { HealthController } from '#libs/platform/health.controller.js';
import { readIdentityKey, readSigningKey } from '#libs/platform/keys.js';
import { createLogger } from '#libs/platform/logging.js';
import { metrics } from '#libs/platform/metrics.js';
import { IDENTITY_KEY, PROBLEM_BASE } from '#libs/platform/registry-tokens.js';
import { RegistryModule, type RegistrySettings } from '#libs/platform/registry.module.js';
import { CorrectionsController } from './corrections/corrections.controller.js';
import { CorrectionsService } from './corrections/corrections.service.js';
import { DigestsController } from './digests/digests.controller.js';
import { COMPARED, DigestsService } from './digests/digests.service.js';
import { LoansController } from './loans/loans.controller.js';
import { LoansService } from './loans/loans.service.js';
import { PartyController } from './party/party.controller.js';
import { StampsController } from './stamps/stamps.controller.js';
import { STAMPED, StampsService } from './stamps/stamps.service.js';
import { LagGauges } from './streams/lag-gauges.service.js';
import { BUREAU_BASE, StreamsController } from './streams/streams.controller.js';
import {
  DELIVERED,
  SET_ERRORS,
  SET_SIGNER,
  STREAM_CLOCK,
  StreamsService,
} from './streams/streams.service.js';
import { LOG_BASE, TransmitterController } from './streams/transmitter.controller.js';
import { bureauTables, type BureauTables } from './tables.store.js';

type AccessOverrides = Parameters<typeof PartyAccessModule.register>[0];
type Overrides = Pick<RegistrySettings<BureauTables>, 'clock' | 'logger'> & Pick<AccessOverrides, 'keys'>;

/** Should stay at zero: a SET that a bureau could not verify or open. */
const setErrors = new Counter({
  name: 'tyiym_bureau_set_errors_total',
  help: 'SETs a bureau reported as wrong, by bureau and code.',
  labelNames: ['bureau', 'code'],
  registers: [metrics],
});

const delivered = new Counter({
  name: 'tyiym_bureau_delivered_total',
  help: 'SETs delivered to a bureau, repetitions included.',
  labelNames: ['bureau'],
  registers: [metrics],
});

const stamped = new Counter({
  name: 'tyiym_bureau_stamped_total',
  help: 'Stamps of a bureau that stand, also those that say nothing new.',
  labelNames: ['bureau'],
  registers: [metrics],
});

/** An alarm above zero: a bureau holds something else than the registry. */
const differing = new Gauge({
  name: 'tyiym_bureau_differing_buckets',
  help: 'Buckets in which the newest digest of a bureau differed.',
  labelNames: ['bureau'],
  registers: [metrics],
});

@Module({})
export class BureauModule implements OnModuleDestroy {
  constructor(@Inject(Bell) private readonly bell: Bell) {}

  /** `overrides` lets a test bring its own clock and keys of the issuer. */
  static register(config: Config, overrides: Overrides = {}): DynamicModule {
    const { keys, ...rest } = overrides;
    const registry = RegistryModule.register({ ...rest, config, app: 'bureau', tables: bureauTables });
    return {
      module: BureauModule,
      imports: [
        registry,
        PartyAccessModule.register({
          issuer: config.issuer,
          scopes: ['feed', 'stamps', 'loans'],
          listeners: listenersOf(config),
          imports: [registry],
          ...(keys && { keys }),
        }),
      ],
      controllers: [
        HealthController,
        TransmitterController,
        StreamsController,
        StampsController,
        DigestsController,
        LoansController,
        CorrectionsController,
        PartyController,
      ],
      providers: [
        ...settingsOf(config, overrides),
        ...[StreamsService, StampsService, DigestsService, LoansService, CorrectionsService, LagGauges],
      ],
    };
  }

  async onModuleDestroy(): Promise<void> {
    await this.bell.close();
  }
}

function settingsOf(config: Config, { clock, logger }: Overrides): Provider[] {
  const { publicBase } = config;
  assert(publicBase !== undefined, 'publicBase: this app needs it');
  const log = logger ?? createLogger(config.app);
  return [
    { provide: BUREAU_BASE, useValue: publicBase },
    { provide: LOG_BASE, useValue: config.logBase },
    { provide: PROBLEM_BASE, useValue: config.logBase },
    // Seals the number of somebody only a loan names; the role of this app cannot read it again.
    { provide: IDENTITY_KEY, useFactory: () => readIdentityKey(config.keysDir) },
    { provide: STREAM_CLOCK, useValue: clock ?? machineClock },
    {
      provide: SET_SIGNER,
      useFactory: () => ({ ...readSigningKey(config.keysDir, 'set.jwk.json'), issuer: publicBase }),
    },
    { provide: Bell, useFactory: () => new Bell(databaseTarget(config.database), 'tyiym_sealed') },
    {
      provide: COMPARED,
      useValue: (bureau: string, buckets: number): void => {
        differing.set({ bureau }, buckets);
        if (buckets > 0) log.warn({ bureau, buckets }, 'a bureau holds something else than the registry');
      },
    },
    { provide: DELIVERED, useValue: (bureau: string, count: number) => delivered.inc({ bureau }, count) },
    { provide: STAMPED, useValue: (bureau: string, count: number) => stamped.inc({ bureau }, count) },
    {
      provide: SET_ERRORS,
      useValue: (bureau: string, code: string, count: number): void => {
        setErrors.inc({ bureau, code }, count);
        log.warn({ bureau, code, count }, 'a bureau could not take a SET; it is delivered again');
      },
    },
  ];
}

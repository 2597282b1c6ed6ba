/** Lenders: banks and microfinance organisations ask here before they lend. */
import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PartyAccessModule } from '#libs/platform/access/access.module.js';
import { listenersOf } from '#libs/platform/access/listeners.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget } from '#libs/platform/database.js';
import { DatabaseSignal } from '#libs/platform/database-signal.js';
import { readIdentityKey } from '#libs/platform/keys.js';
import { HealthController } from '#libs/platform/health.controller.js';
import { IDENTITY_KEY, PROBLEM_BASE } from '#libs/platform/registry-tokens.js';
import { RegistryModule, type RegistrySettings } from '#libs/platform/registry.module.js';
import { CheckBatchesController } from './check-batches/check-batches.controller.js';
import { CheckBatchesService } from './check-batches/check-batches.service.js';
import { ChecksController } from './checks/checks.controller.js';
import { ChecksService } from './checks/checks.service.js';
import { CheckLimits } from './limits/check-limits.service.js';
import { LatencyWorker } from './latency/latency.worker.js';
import { LoansController } from './loans/loans.controller.js';
import { LoansService } from './loans/loans.service.js';
import { NoticesController } from './notices/notices.controller.js';
import { NoticesService } from './notices/notices.service.js';
import { PartyController } from './party/party.controller.js';
import { fetchProof } from './proofs/log-proof.client.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { FETCH_PROOF, ProofsService } from './proofs/proofs.service.js';
import { lenderTables, type LenderTables } from './tables.store.js';

@Module({})
export class LenderModule {
  /** `settings` lets a test bring its own clock and keys of the issuer. */
  static register(
    config: Config,
    settings: Pick<RegistrySettings<LenderTables>, 'clock' | 'logger'> & Pick<AccessOverrides, 'keys'> = {},
  ): DynamicModule {
    const { keys, ...rest } = settings;
    const registry = RegistryModule.register({
      ...rest,
      config,
      app: 'lender',
      tables: lenderTables,
      limits: { maxBatch: 512, minIntervalMs: 0 },
    });
    return {
      module: LenderModule,
      imports: [
        registry,
        PartyAccessModule.register({
          issuer: config.issuer,
          scopes: ['checks', 'loans'],
          listeners: listenersOf(config),
          imports: [registry],
          ...(keys && { keys }),
        }),
      ],
      controllers: [
        HealthController,
        ChecksController,
        ProofsController,
        CheckBatchesController,
        LoansController,
        NoticesController,
        PartyController,
      ],
      providers: [
        ChecksService,
        CheckBatchesService,
        CheckLimits,
        ProofsService,
        {
          provide: LatencyWorker,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => new LatencyWorker(dataSource),
        },
        LoansService,
        NoticesService,
        {
          provide: DatabaseSignal,
          useFactory: () => new DatabaseSignal(databaseTarget(config.database), 'tyiym_notices'),
        },
        { provide: IDENTITY_KEY, useFactory: () => readIdentityKey(config.keysDir) },
        { provide: PROBLEM_BASE, useValue: config.logBase },
        {
          provide: FETCH_PROOF,
          useValue: (index: number) => fetchProof(config.logUrl ?? config.logBase, index),
        },
      ],
    };
  }
}

type AccessOverrides = Parameters<typeof PartyAccessModule.register>[0];

/** The clerk's signer process: it holds the log key and sees leaf hashes, no entry and no person. */
import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { machineClock } from '#libs/platform/clock.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { READINESS, type Readiness } from '#libs/platform/health.controller.js';
import { readSigningKey } from '#libs/platform/keys.js';
import { createLogger } from '#libs/platform/logging.js';
import { loop } from './loop.worker.js';
import { signerDuty, type SignerState } from './signer.worker.js';
import { SignerService } from './signer/signer.service.js';

const LOGGER = Symbol('LOGGER');
const STATE = Symbol('STATE');

@Module({})
export class ClerkSignerModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(SignerService) private readonly signer: SignerService,
    @Inject(STATE) private readonly state: SignerState,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  static register(config: Config, log: Logger = createLogger(config.app)): DynamicModule {
    const state: SignerState = { refused: undefined };
    return {
      module: ClerkSignerModule,
      providers: [
        { provide: LOGGER, useValue: log },
        { provide: STATE, useValue: state },
        { provide: DataSource, useFactory: () => openDatabase(databaseTarget(config.database), 2) },
        {
          provide: SignerService,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) =>
            new SignerService({
              tx: dataSource.manager,
              origin: config.origin,
              key: readSigningKey(config.keysDir, 'log.jwk.json'),
              clock: machineClock,
            }),
        },
        {
          provide: READINESS,
          inject: [DataSource],
          useFactory: (source: DataSource) => readinessOf(source, state),
        },
      ],
      exports: [READINESS],
    };
  }

  onApplicationBootstrap(): void {
    this.running = loop(signerDuty(this.signer, this.state), this.log, this.stopping.signal);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.dataSource.destroy();
  }
}

function readinessOf(dataSource: DataSource, state: SignerState): Readiness {
  return async () => {
    await dataSource.query('SELECT 1');
    return { ok: state.refused === undefined, problems: state.refused === undefined ? [] : [state.refused] };
  };
}

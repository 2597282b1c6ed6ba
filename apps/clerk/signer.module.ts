/**
 * The clerk's signer process: it holds the log key and sees leaf hashes and commitments, no entry and no person. It
 * writes the files of the public log and asks the witnesses.
 */
import { randomUUID } from 'node:crypto';
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
import { clockProblems } from '#libs/journal/own-clock.store.js';
import { READINESS, type Readiness } from '#libs/platform/readiness.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { readSigningKey } from '#libs/platform/keys.js';
import { createLogger } from '#libs/platform/logging.js';
import { parseVkey } from '#libs/tlog/note.js';
import { begin, type Duties } from './loop.worker.js';
import { filesMended, lagDuty, signerDuty, witnessAnswers, type SignerState } from './signer.worker.js';
import { waitingMs } from './signer/checkpoints.store.js';
import { mendingDuty } from './mending.worker.js';
import { CosignaturesService } from './signer/cosignatures.service.js';
import { MendingService } from './signer/mending.service.js';
import { SignerService } from './signer/signer.service.js';
import { WitnessClient } from './signer/witness.client.js';

const LOGGER = Symbol('LOGGER');
const STATE = Symbol('STATE');
const WITNESSES = Symbol('WITNESSES');

/** A checkpoint waits this long for its witnesses, and is published within five seconds of its commit all the same. */
const witnessTimeoutMs = 1500;

@Module({})
export class ClerkSignerModule implements OnApplicationBootstrap, OnModuleDestroy {
  private duties: Duties | undefined;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(SignerService) private readonly signer: SignerService,
    @Inject(MendingService) private readonly mending: MendingService,
    @Inject(WITNESSES) private readonly witnesses: readonly WitnessClient[],
    @Inject(STATE) private readonly state: SignerState,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  static register(config: Config, log: Logger = createLogger(config.app)): DynamicModule {
    const { tilesDir, witnesses = [] } = config;
    if (tilesDir === undefined) throw new Error('tilesDir: the signer writes the files of the log there');
    const state: SignerState = { refused: undefined };
    return {
      module: ClerkSignerModule,
      providers: [
        { provide: LOGGER, useValue: log },
        { provide: STATE, useValue: state },
        {
          provide: DataSource,
          useFactory: () => openDatabase(databaseTarget(config.database), { poolSize: 3 }),
        },
        {
          provide: WITNESSES,
          useFactory: () =>
            witnesses.map(
              ({ url, vkey }) => new WitnessClient({ url, vkey: parseVkey(vkey) }, witnessTimeoutMs),
            ),
        },
        {
          provide: SignerService,
          inject: [DataSource, WITNESSES],
          useFactory: (dataSource: DataSource, clients: readonly WitnessClient[]) =>
            new SignerService({
              tx: dataSource.manager,
              origin: config.origin,
              key: readSigningKey(config.keysDir, 'log.jwk.json'),
              files: new ImmutableFiles(tilesDir),
              witnesses: cosignaturesOf(clients, log),
              clock: machineClock,
              holder: randomUUID(),
              onMended: mendedIn(log),
            }),
        },
        {
          provide: MendingService,
          inject: [DataSource],
          useFactory: ({ manager: tx }: DataSource) =>
            new MendingService({
              ...{ tx, origin: config.origin, files: new ImmutableFiles(tilesDir) },
              onMended: mendedIn(log),
            }),
        },
        {
          provide: READINESS,
          inject: [DataSource],
          useFactory: (source: DataSource) => readinessOf(source, state, config),
        },
      ],
      exports: [READINESS],
    };
  }

  onApplicationBootstrap(): void {
    const duties = [
      signerDuty(this.signer, this.state),
      lagDuty(() => waitingMs(this.dataSource.manager)),
      mendingDuty(this.mending, this.log),
    ];
    this.duties = begin(duties, this.log);
  }

  async onModuleDestroy(): Promise<void> {
    await this.duties?.stop();
    await this.signer.end().catch(() => undefined);
    await Promise.all(this.witnesses.map((witness) => witness.close()));
    await this.dataSource.destroy();
  }
}

function mendedIn(log: Logger): (paths: readonly string[]) => void {
  return (paths) => {
    filesMended.inc(paths.length);
    log.error({ paths: paths.slice(0, 20) }, 'files of the log held other bytes');
  };
}

function cosignaturesOf(witnesses: readonly WitnessClient[], log: Logger): CosignaturesService {
  return new CosignaturesService({
    witnesses,
    log,
    onOutcome: (witness, outcome) => witnessAnswers.inc({ witness, outcome }),
  });
}

function readinessOf(dataSource: DataSource, state: SignerState, config: Config): Readiness {
  return async () => {
    const problems = [
      ...(await clockProblems(dataSource, config)),
      ...(state.refused === undefined ? [] : [state.refused]),
    ];
    return { ok: problems.length === 0, problems };
  };
}

/** The log: public, without authentication, holding no secret. It shows what others wrote and writes nothing. */
import {
  Module,
  type DynamicModule,
  type OnModuleDestroy,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { clockProblems } from '#libs/journal/own-clock.store.js';
import { HealthController } from '#libs/platform/health.controller.js';
import { READINESS, type Readiness } from '#libs/platform/readiness.js';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { machineClock } from '#libs/platform/clock.js';
import { parseVkey } from '#libs/tlog/note.js';
import { answerHeaders, entityTag, isHeld } from './answer-headers.js';
import { CheckpointController } from './checkpoints/checkpoint.controller.js';
import { CheckpointService } from './checkpoints/checkpoint.service.js';
import { NewestService } from './checkpoints/newest.service.js';
import { ClosedLogsController } from './closed-logs/closed-logs.controller.js';
import { ClosedLogsService, type ClosedLog } from './closed-logs/closed-logs.service.js';
import { FiguresController } from './figures/figures.controller.js';
import { FiguresService } from './figures/figures.service.js';
import { KeysController } from './keys/keys.controller.js';
import { KeysService } from './keys/keys.service.js';
import { OpeningsController } from './openings/openings.controller.js';
import { OpeningsService } from './openings/openings.service.js';
import { ProblemsController } from './problems/problems.controller.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { ProofsService } from './proofs/proofs.service.js';
import { TilesController } from './tiles/tiles.controller.js';
import { TilesService } from './tiles/tiles.service.js';

@Module({})
export class LogModule implements OnModuleInit, OnModuleDestroy {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly dataSource: DataSource,
  ) {}

  static register(config: Config): DynamicModule {
    const [inject, withReader] = [[DataSource], [DataSource, RegistryReader]];
    return {
      module: LogModule,
      controllers: [
        KeysController,
        CheckpointController,
        TilesController,
        ClosedLogsController,
        ProofsController,
        FiguresController,
        OpeningsController,
        ProblemsController,
        HealthController,
      ],
      providers: [
        { provide: DataSource, useFactory: () => openDatabase(databaseTarget(config.database)) },
        {
          provide: KeysService,
          inject: withReader,
          useFactory: ({ manager: tx }: DataSource, reader: RegistryReader) =>
            new KeysService(tx, reader, config.origin, vkeysOf(config)),
        },
        {
          provide: NewestService,
          inject,
          useFactory: ({ manager }: DataSource) =>
            new NewestService(manager, folderOf(config), config.origin),
        },
        { provide: CheckpointService, inject: [NewestService], useFactory: checkpointsOf },
        {
          provide: ClosedLogsService,
          inject: withReader,
          useFactory: ({ manager: tx }: DataSource, reader: RegistryReader) =>
            new ClosedLogsService(tx, reader, closedOf(config), vkeysOf(config)),
        },
        {
          provide: OpeningsService,
          inject,
          useFactory: ({ manager }: DataSource) => new OpeningsService(manager),
        },
        {
          provide: FiguresService,
          inject,
          useFactory: ({ manager }: DataSource) =>
            new FiguresService(
              manager,
              (config.witnesses ?? []).map(({ vkey }) => parseVkey(vkey)),
              machineClock,
            ),
        },
        {
          provide: TilesService,
          inject: [NewestService],
          useFactory: (published: NewestService) => new TilesService(published, folderOf(config)),
        },
        {
          provide: ProofsService,
          inject: [DataSource, NewestService, TilesService],
          useFactory: ({ manager }: DataSource, published: NewestService, tiles: TilesService) =>
            new ProofsService(manager, config.origin, published, tiles),
        },
        ...believing(config),
      ],
      exports: [READINESS],
    };
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', async (_request, reply) => {
      void reply.headers(answerHeaders);
    });
    fastify.addHook('onSend', async (request, reply, payload) => {
      const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
      if (!['GET', 'HEAD'].includes(request.method) || reply.statusCode !== 200 || !isWhole) return payload;
      const tag = entityTag(payload);
      void reply.header('ETag', tag);
      if (!isHeld(tag, request.headers['if-none-match'])) return payload;
      void reply.status(304).removeHeader('Content-Type').removeHeader('Content-Length');
      // What answers a HEAD takes the body away itself, and there must be one.
      return request.method === 'HEAD' ? payload : null;
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.dataSource.destroy();
  }
}

function checkpointsOf(published: NewestService): CheckpointService {
  return new CheckpointService(published);
}

/** What this process believes of the registry's acts, and whether it can answer with that. */
function believing(config: Config): Provider[] {
  return [
    { provide: RegistryReader, useFactory: () => new RegistryReader(config.acts ?? {}) },
    {
      provide: READINESS,
      inject: [DataSource, RegistryReader],
      useFactory: (dataSource: DataSource, reader: RegistryReader) => readinessOf(dataSource, reader, config),
    },
  ];
}

function folderOf({ tilesDir }: Config): ImmutableFiles | undefined {
  return tilesDir === undefined ? undefined : new ImmutableFiles(tilesDir);
}

function closedOf({ closedLogs = [] }: Config): readonly ClosedLog[] {
  return closedLogs.map(({ origin, tilesDir }) => ({ origin, folder: new ImmutableFiles(tilesDir) }));
}

function vkeysOf({ witnesses = [] }: Config): readonly string[] {
  return witnesses.map(({ vkey }) => vkey);
}

/** The log can answer when it can read; what it shows is others' to keep fresh. */
function readinessOf(dataSource: DataSource, reader: RegistryReader, config: Config): Readiness {
  return async () => {
    const doubts = await reader.doubts(dataSource.manager);
    const problems = [...doubts.problems, ...(await clockProblems(dataSource, config))];
    return { ...doubts, ok: problems.length === 0, problems };
  };
}

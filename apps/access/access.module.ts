/** The process `access`: the authorization server of the parties over their rows, mounted beside Nest's own routes. */
import { Inject, Module, type DynamicModule, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Provider, type errors } from 'oidc-provider';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { listenersOf, waysOf } from '#libs/platform/access/listeners.js';
import { listenerOf, type Listeners } from '#libs/platform/access/mtls.js';
import { CallerLines } from '#libs/platform/caller-lines.js';
import { machineClock } from '#libs/platform/clock.js';
import { callsPerAddress, type Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { clockProblems } from '#libs/journal/own-clock.store.js';
import { HealthController } from '#libs/platform/health.controller.js';
import { READINESS, type Readiness } from '#libs/platform/readiness.js';
import { CallLimits } from '#libs/platform/limits/call-limits.service.js';
import { callerAddress } from '#libs/platform/limits/caller-address.js';
import { answerWith } from '#libs/platform/limits/standing.js';
import { createLogger } from '#libs/platform/logging.js';
import { failureRecord } from '#libs/problem/failure-record.js';
import type { AdapterSettings } from './clients/adapter.service.js';
import { authorizationServer, readAccessKeys } from './config.js';
import {
  SERVER_ADDRESS,
  ServerMetadataController,
  type ServerAddress,
} from './metadata/server-metadata.controller.js';
import { PayloadExpiry } from './tokens/payload-expiry.worker.js';

@Module({})
export class AccessModule implements OnModuleInit, OnModuleDestroy {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly provider: Provider,
    private readonly dataSource: DataSource,
    @Inject(SERVER_ADDRESS) private readonly address: ServerAddress,
    private readonly limits: CallLimits,
  ) {}

  static register(config: Config, logger = createLogger(config.app)): DynamicModule {
    const listeners = listenersOf(config);
    const onFailure = (error: unknown): void =>
      logger.warn({ failure: failureRecord(error) }, 'expired payloads stay a while');
    return {
      module: AccessModule,
      controllers: [HealthController, ServerMetadataController],
      providers: [
        { provide: DataSource, useFactory: () => openDatabase(databaseTarget(config.database)) },
        { provide: SERVER_ADDRESS, useValue: { issuer: config.issuer, listeners } },
        {
          provide: Provider,
          inject: [DataSource, RegistryReader],
          useFactory: (dataSource: DataSource, reader: RegistryReader) =>
            providerOf(config, { listeners, dataSource, reader }, logger),
        },
        {
          provide: PayloadExpiry,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => new PayloadExpiry(dataSource, machineClock, onFailure),
        },
        { provide: RegistryReader, useFactory: () => new RegistryReader(config.acts ?? {}) },
        {
          provide: READINESS,
          inject: [DataSource, RegistryReader],
          useFactory: (dataSource: DataSource, reader: RegistryReader) =>
            readinessOf(dataSource, reader, config),
        },
        {
          provide: CallLimits,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) =>
            new CallLimits({ dataSource, app: config.app, perAddress: callsPerAddress(config), log: logger }),
        },
      ],
    };
  }

  /** Only these two routes of the library are reachable; the rest of it stays inside. */
  onModuleInit(): void {
    const handle = this.provider.callback();
    const forward = (request: FastifyRequest, reply: FastifyReply): void => {
      handOver(request, reply, this.address.listeners);
      void handle(request.raw, reply.raw);
    };
    // By address: a client id stands in the request, and whoever names another's would use up its tokens.
    const limit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const forwardedFor = request.headers['x-forwarded-for'];
      const address = callerAddress({ socket: request.raw.socket, forwardedFor }, this.address.listeners);
      answerWith(reply, await this.limits.takeAddress(address));
    };
    void this.adapterHost.httpAdapter.getInstance<FastifyInstance>().register(async (scope) => {
      // The library reads the body itself.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.post('/token', { config: tokenRoute, onRequest: limit }, forward);
      scope.get('/jwks', { config: { access: 'public' } }, forward);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.dataSource.destroy();
  }
}

/** The one route that takes a body from strangers: the assertion in it says who they are. */
const tokenRoute: FastifyContextConfig = {
  access: 'public',
  body: { bytes: 56 * 1024 },
  mediaType: 'application/x-www-form-urlencoded',
};

/**
 * Leaves the answer to the library and tells it the public base URL of the listener that was called, over whatever
 * the caller said about hosts, because `htu` of proofs is compared with it.
 */
function handOver(request: FastifyRequest, reply: FastifyReply, listeners: Listeners): void {
  const { host, protocol } = new URL(listenerOf(request.raw.socket, listeners).publicBase);
  // The library finds its route by the letter; ours was found by what the letters mean.
  request.raw.url = request.routeOptions.url ?? '';
  Object.assign(request.raw.headers, {
    host,
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.replace(':', ''),
  });
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
}

function providerOf(
  config: Config,
  { listeners, dataSource, reader }: Omit<AdapterSettings, 'clock'>,
  logger: Logger,
): Provider {
  const provider = authorizationServer({
    issuer: config.issuer,
    keys: readAccessKeys(config.keysDir),
    ...{ dataSource, reader, listeners },
    clock: machineClock,
  });
  provider.use(async (context, next) => {
    await next();
    if (context.status === 503) context.set('Retry-After', '1');
  });
  // Of every caller as of one that is not known: a client id only stands in the request.
  const lines = new CallerLines(logger, waysOf(config));
  provider.on('grant.error', ({ oidc, req }, error) => {
    // Asking for a nonce is how every client begins.
    if (error.error !== 'use_dpop_nonce')
      lines
        .of({ raw: req })
        .info(
          { clientId: oidc.client?.clientId, error: error.error, reason: reasonOf(error) },
          'no token given',
        );
  });
  provider.on('server_error', ({ req }, error) =>
    lines.of({ raw: req }).error({ failure: failureRecord(error) }, 'internal'),
  );
  return provider;
}

function readinessOf(dataSource: DataSource, reader: RegistryReader, config: Config): Readiness {
  return async () => {
    const doubts = await reader.doubts(dataSource.manager);
    const problems = [...doubts.problems, ...(await clockProblems(dataSource, config))];
    return { ...doubts, ok: problems.length === 0, problems };
  };
}

/** The library's own words; what hangs below them may quote the request and goes on as a record only. */
function reasonOf({ cause, error_detail: detail }: errors.OIDCProviderError): unknown {
  return cause === undefined ? detail : failureRecord(cause);
}

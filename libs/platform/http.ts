/**
 * How every app meets HTTP: bodies are strict JSON of bounded size (bodies.ts), what is wrong becomes a
 * Problem, each answer has a Request-Id, and a signal ends everything in order.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server } from 'node:http';
import { ValidationPipe, type ArgumentMetadata, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { watchdogId } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';
import { problemDocument, problemMediaType } from '#libs/problem/problem-document.js';
import { ProblemFilter } from '#libs/problem/problem.filter.js';
import { validationProblem } from '#libs/problem/validation-problem.js';
import type { CallerRequest } from './access/access.guard.js';
import { waysOf } from './access/listeners.js';
import { isOfProxy, listenerOf, type Connection } from './access/mtls.js';
import { alwaysSent, overTls } from './answer-headers.js';
import { malformed, onlyStrictJson } from './bodies.js';
import { CallerLines } from './caller-lines.js';
import type { Config, ListenTlsConfig } from './config.js';
import { READINESS, type Readiness } from './readiness.js';
import { BodyBytes } from './limits/body-bytes.js';
import { limitInFlight } from './limits/in-flight.js';
import { createLogger, logCrashes, nestLogger } from './logging.js';
import { requestSeconds } from './metrics.js';
import { serveMetrics } from './metrics-server.js';
import { newServer, refuseNoHttp, refuseTunnels } from './server.js';

type Root = Type | DynamicModule;
type HttpConfig = Pick<Config, 'app' | 'logBase' | 'publicBase' | 'listen' | 'listenTls' | 'metrics'>;

const mebibyte = 1024 * 1024;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** An app that is wired but does not listen: what tests talk to. Call `init` and Fastify's `ready`. */
export async function createApp(
  root: Root,
  config: HttpConfig,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    // A HEAD runs the whole GET and throws its answer away: what works once would be used up. The log has only what
    // anybody may read again and again.
    exposeHeadRoutes: config.app === 'log',
    routerOptions: { maxParamLength: 200 },
    serverFactory: (handler: RequestListener) =>
      refuseTunnels(newServer(config.listen, handler), config.logBase),
    clientErrorHandler: refuseNoHttp(config.logBase),
    genReqId: ({ headers }: { readonly headers: IncomingHttpHeaders }) => {
      const given = headers['request-id'];
      return typeof given === 'string' && uuid.test(given) ? given : randomUUID();
    },
    // A path that cannot be decoded, or an id too long for one, names nothing; Fastify's own answer would repeat it.
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) =>
      answerNotFound(config.logBase, request.id, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bodyParser: false,
    logger: nestLogger(logger),
    abortOnError: false,
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  aroundEachRequest(fastify, config);
  // Before a token or a body is looked at; a channel waits for thousands of citizens at a time.
  const [calls, bytes] = config.app === 'citizen' ? [8192, 64 * mebibyte] : [1024, 16 * mebibyte];
  limitInFlight(fastify, waysOf(config), calls);
  onlyStrictJson(fastify, new BodyBytes(bytes));
  app.useGlobalFilters(new ProblemFilter(config.logBase, new CallerLines(logger, waysOf(config))));
  app.useGlobalPipes(
    new StrictPipe({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      transform: true,
      exceptionFactory: validationProblem,
    }),
  );
  return app;
}

/** Refuses of a query what every object has, which the validator would take for known; strict-json.ts does it for bodies. */
class StrictPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isQuery = metadata.type === 'query' && typeof value === 'object' && value !== null;
    const inherited = isQuery ? Object.keys(value).find((name) => name in Object.prototype) : undefined;
    if (inherited !== undefined) throw malformed(inherited, 'member-unknown');
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

/** What Fastify refuses before any hook or filter of ours: nobody's path, answered as every other. */
function answerNotFound(base: string, requestId: string, reply: FastifyReply): void {
  const document = problemDocument(new Problem('not-found'), base, requestId);
  void reply
    .status(document.status)
    .headers({ ...alwaysSent, 'Request-Id': requestId, 'Content-Type': problemMediaType })
    .send(Buffer.from(JSON.stringify(document)));
}

/** Starts an app on its listeners and stops it on SIGTERM or SIGINT. */
export async function startApp(root: Root, config: HttpConfig): Promise<void> {
  const logger = createLogger(config.app);
  const app = await createApp(root, config, logger);
  const closers: (() => Promise<unknown>)[] = [() => app.close()];
  if (config.listen) await app.listen(config.listen.port, config.listen.host);
  else await app.init();
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  if (config.listenTls) closers.unshift(closerOf(await listenTls(config.listenTls, fastify, config.logBase)));
  if (config.metrics)
    closers.push(closerOf(await serveMetrics(config.metrics, app.get<Readiness>(READINESS))));
  logCrashes(config.app, logger);
  logger.info({ listen: config.listen, listenTls: config.listenTls?.port }, 'listening');
  stopOnSignal(logger, closers);
}

/** The same routes behind TLS that asks for a client certificate. */
export async function listenTls(
  config: ListenTlsConfig,
  fastify: FastifyInstance,
  logBase: string,
): Promise<Server> {
  const server = refuseTunnels(
    newServer(config, (request, response) => fastify.routing(request, response)),
    logBase,
  );
  server.on('clientError', refuseNoHttp(logBase));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.port, config.host, resolve);
  });
  return server;
}

/** Runs the closers once, on the first signal, and leaves; a second signal leaves at once. */
function stopOnSignal(logger: Logger, closers: readonly (() => Promise<unknown>)[]): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), 10_000).unref();
    Promise.allSettled(closers.map((close) => close()))
      .then(() => logger.info('stopped'))
      .finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  // A parent that was killed cannot send a signal; its closed channel says the same.
  process.on('disconnect', stop);
  // One killed while we started had nobody listening for it.
  if (process.connected === false) stop();
}

function closerOf(server: {
  close(done: () => void): unknown;
  closeAllConnections(): void;
}): () => Promise<void> {
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

/** Headers that count once: node keeps the first, and a proxy in front may have believed the last. */
const single: ReadonlySet<string> = new Set(['host', 'content-type', 'authorization']);

/** An answer tells its Request-Id and how to treat it; time is measured per route. */
function aroundEachRequest(fastify: FastifyInstance, config: HttpConfig): void {
  const ways = waysOf(config);
  const isPlainByTls = config.publicBase?.startsWith('https:') === true;
  fastify.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    void reply.headers(alwaysSent).header('Request-Id', request.id);
    if (isPlainByTls || (raw.socket as Connection).encrypted === true) void reply.headers(overTls);
    // It would be the proof of a key that nobody proved.
    if (raw.headers['client-cert'] !== undefined && !isOfProxy(raw.socket, listenerOf(raw.socket, ways)))
      return done(malformed('Client-Cert', 'header-not-believed'));
    done(faultInHeaders(raw));
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    // What nobody but ourselves asked says nothing of how fast lenders are answered.
    if ((request as Partial<CallerRequest>).party?.clientId === watchdogId) return done();
    requestSeconds.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    );
    done();
  });
}

function faultInHeaders({ headers, rawHeaders, httpVersion, url }: IncomingMessage): Problem | undefined {
  const { host, expect, 'transfer-encoding': coding } = headers;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('', 'version-not-supported');
  // RFC 9112 §3.2; two that a proxy has joined are two.
  if (host === undefined && httpVersion === '1.1') return malformed('Host', 'header-missing');
  if (host !== undefined && /[\s,/\\@?#]/.test(host)) return malformed('Host', 'header-malformed');
  // No part of a target (RFC 9112 §3.2.1), and one reader would drop what another reads.
  if (url?.includes('#') === true) return malformed('', 'fragment-not-allowed');
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return new Problem('expectation-failed', {
      errors: [{ pointer: 'Expect', code: 'header-not-supported' }],
    });
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return malformed('Transfer-Encoding', 'header-not-supported');
  let seen = '';
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const { length } = rawHeaders[at] ?? '';
    if (length !== 4 && length !== 12 && length !== 13) continue;
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!single.has(name)) continue;
    if (seen.includes(name)) return malformed(name, 'header-repeated');
    seen += `${name} `;
  }
  return undefined;
}

/**
 * How every app meets HTTP: bodies are strict JSON of bounded size (bodies.ts), what is wrong becomes a
 * Problem, each answer has a Request-Id, and a signal ends everything in order.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { ValidationPipe, type DynamicModule, type Type } from '@nestjs/common';
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
import { malformed, onlyStrictJson } from './bodies.js';
import { CallerLines } from './caller-lines.js';
import { readSecretFile, type Config, type ListenTlsConfig } from './config.js';
import { READINESS, type Readiness } from './readiness.js';
import { limitInFlight } from './limits/in-flight.js';
import { createLogger, logCrashes, nestLogger } from './logging.js';
import { requestSeconds, serveMetrics } from './metrics.js';

type Root = Type | DynamicModule;
type HttpConfig = Pick<Config, 'app' | 'logBase' | 'listen' | 'listenTls' | 'metrics'>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** An app that is wired but does not listen: what tests talk to. Call `init` and Fastify's `ready`. */
export async function createApp(
  root: Root,
  config: HttpConfig,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    // A HEAD would run the whole GET and throw its answer away: what works once would be used up.
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200 },
    requestTimeout: 60_000,
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
  aroundEachRequest(fastify);
  // Before a token or a body is looked at; a channel waits for thousands of citizens at a time.
  limitInFlight(fastify, waysOf(config), config.app === 'citizen' ? 8192 : 1024);
  onlyStrictJson(fastify);
  letRoutesInvite(fastify.server, fastify);
  app.useGlobalFilters(new ProblemFilter(config.logBase, new CallerLines(logger, waysOf(config))));
  app.useGlobalPipes(
    new ValidationPipe({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      transform: true,
      exceptionFactory: validationProblem,
    }),
  );
  return app;
}

/** What Fastify refuses before any hook or filter of ours: nobody's path, answered as every other. */
function answerNotFound(base: string, requestId: string, reply: FastifyReply): void {
  const document = problemDocument(new Problem('not-found'), base, requestId);
  void reply
    .status(document.status)
    .headers({ 'Request-Id': requestId, 'Content-Type': problemMediaType, 'Cache-Control': 'no-store' })
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
  if (config.listenTls) closers.unshift(closerOf(await listenTls(config.listenTls, fastify)));
  if (config.metrics)
    closers.push(closerOf(await serveMetrics(config.metrics, app.get<Readiness>(READINESS))));
  logCrashes(config.app, logger);
  logger.info({ listen: config.listen, listenTls: config.listenTls?.port }, 'listening');
  stopOnSignal(logger, closers);
}

/** The same routes behind TLS that asks for a client certificate; which one counts is pinned per party, not chained. */
export async function listenTls(config: ListenTlsConfig, fastify: FastifyInstance): Promise<Server> {
  const server = createServer(
    {
      cert: readFileSync(config.certFile),
      key: readSecretFile(config.keyFile),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    },
    (request, response) => fastify.routing(request, response),
  );
  letRoutesInvite(server, fastify);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.port, config.host, resolve);
  });
  return server;
}

/** A client that asks whether to send its body is told so by its route, once the headers will do. */
function letRoutesInvite(server: EventEmitter, fastify: FastifyInstance): void {
  const route = (request: IncomingMessage, response: ServerResponse): void =>
    fastify.routing(request, response);
  server.on('checkContinue', route).on('checkExpectation', route);
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
function aroundEachRequest(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('Request-Id', request.id);
    done(faultInHeaders(request.raw));
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

function faultInHeaders({ headers, rawHeaders, httpVersion }: IncomingMessage): Problem | undefined {
  const { host, expect, 'transfer-encoding': coding } = headers;
  // RFC 9112 §3.2.
  if (host === undefined && httpVersion === '1.1') return malformed('Host', 'header-missing');
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return malformed('Expect', 'header-not-supported');
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

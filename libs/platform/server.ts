/**
 * The HTTP servers of a process, plain or behind TLS: how long a client may take for what, how many connections there
 * may be, and what is told to one that speaks no HTTP.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { Problem } from '#libs/problem/problem.js';
import { problemDocument, problemMediaType } from '#libs/problem/problem-document.js';
import type { ProblemCode } from '#libs/problem/catalogue.js';
import { addressList, isInList } from './address-list.js';
import { alwaysSent } from './answer-headers.js';
import { readSecretFile, type ListenConfig, type ListenTlsConfig } from './config.js';
import { boundConnections } from './connections.js';

/** Bounds of a listener where its configuration does not say others. Times in milliseconds. */
const usualBounds = {
  total: 8_192,
  /** Thousands of phones share the address of one operator's network. */
  perAddress: 2_048,
  /** From the connection, or the end of the answer before, to the end of the headers. */
  headersMs: 10_000,
  /** To the end of the body: 6 MiB at 1.7 Mbit/s. */
  requestMs: 30_000,
  /** Between an answer and the next request. */
  idleMs: 65_000,
  /** Without a byte in either direction: longer than the longest poll, and short for a client that reads no answer. */
  silenceMs: 60_000,
  handshakeMs: 10_000,
} as const;

/**
 * TLS 1.3, and of 1.2 only what encrypts and authenticates at once with a key of its own for each connection
 * (RFC 9325 §4.2): no CBC, no RSA key exchange.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** A server that does not listen yet. With a certificate it asks for the client's, which is pinned and not chained. */
export function newServer(
  config: ListenConfig | ListenTlsConfig | undefined,
  answer: http.RequestListener,
): http.Server {
  const handler: http.RequestListener = (request, response) => {
    request.url = originForm(request.url ?? '');
    answer(request, response);
  };
  const bounds = { ...usualBounds, ...config?.connections };
  const options: http.ServerOptions = {
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.idleMs,
    connectionsCheckingInterval: Math.min(1_000, bounds.headersMs),
    // Answered by us, as a Problem: see http.ts.
    requireHostHeader: false,
  };
  const server =
    config !== undefined && 'certFile' in config
      ? https.createServer({ ...options, ...tlsOf(config), handshakeTimeout: bounds.handshakeMs }, handler)
      : http.createServer(options, handler);
  server.setTimeout(bounds.silenceMs);
  // Not bounded: a bank that asks a thousand times a second would reconnect for nothing.
  server.maxRequestsPerSocket = 0;
  const proxies = addressList(config?.proxies ?? []);
  boundConnections(server, { ...bounds, isShared: (address) => isInList(proxies, address) });
  // A client that asks whether to send its body is told so by its route, once the headers will do.
  server.on('checkContinue', handler).on('checkExpectation', handler);
  return server;
}

/**
 * The target as every route and proof knows it: a server must take it with scheme and host before the path, too, as
 * proxies send it (RFC 9112 §3.2.2). Whose host it names is as little believed as `Host`.
 */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = /^https?:\/\/[^/?#]+(.*)$/is.exec(target)?.[1];
  if (rest === undefined) return target;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function tlsOf(config: ListenTlsConfig): https.ServerOptions {
  return {
    cert: readFileSync(config.certFile),
    key: readSecretFile(config.keyFile),
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers,
    honorCipherOrder: true,
  };
}

const codes: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-too-slow',
  ERR_HTTP_CONNECT: 'method-not-allowed',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
};

/** The server, which answers CONNECT, too: node would end the connection without a word. */
export function refuseTunnels(server: http.Server, base: string): http.Server {
  const refuse = refuseNoHttp(base);
  const refused = Object.assign(new Error('CONNECT'), { code: 'ERR_HTTP_CONNECT' });
  return server.on('connect', (_request, socket) => refuse(refused, socket as Socket));
}

/**
 * Answers what is no HTTP, or not complete in time, and ends the connection.
 * @param base public base URL of the log, where the problem pages are
 */
export function refuseNoHttp(base: string): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    const { _httpMessage: begun } = socket as { readonly _httpMessage?: http.ServerResponse | null };
    // In the middle of an answer another would be taken for a part of it.
    if (!socket.writable || error.code === 'ECONNRESET' || begun?.headersSent === true)
      return void socket.destroy();
    const problem = new Problem(codes[error.code ?? ''] ?? 'request-malformed');
    const requestId = randomUUID();
    const document = problemDocument(problem, base, requestId);
    const body = JSON.stringify(document);
    const headers = {
      ...alwaysSent,
      'Request-Id': requestId,
      'Content-Type': problemMediaType,
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
      // RFC 9110 §15.5.6: a tunnel is what no resource here allows anything of.
      ...(problem.code === 'method-not-allowed' && { Allow: '' }),
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const status = `HTTP/1.1 ${document.status} ${http.STATUS_CODES[document.status] ?? ''}`;
    socket.end([status, ...lines, '', body].join('\r\n'));
    // Not at once: a reset would take the answer away from a client that is still sending.
    setTimeout(() => socket.destroy(), 1_000).unref();
  };
}

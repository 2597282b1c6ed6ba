import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { selfSigned } from '../../test/support/certificates.js';
import { Public } from './access/access.guard.js';
import type { ConnectionsConfig } from './config.js';
import { callerIsKnown } from './connections.js';
import { createApp, listenTls } from './http.js';
import { TakesBody } from './route.js';
import { newServer } from './server.js';

let taken = 0;

@Controller()
@Public()
class Routes {
  @Get('things/:name') thing(@Param('name') name: string): object {
    taken += 1;
    return { name };
  }
  @Post('things') @TakesBody(1024) make(@Body() body: object): object {
    return body;
  }
}

@Module({ controllers: [Routes] })
class AppModule {}

const folder = mkdtempSync(join(tmpdir(), 'tyiym-server-'));
const logBase = 'https://log.test';
let app: NestFastifyApplication;
let tls: Server;
let [port, tlsPort] = [0, 0];
beforeAll(async () => {
  const { certPem, keyPem } = await selfSigned('server', Date.now());
  const [certFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  writeFileSync(certFile, certPem);
  writeFileSync(keyFile, keyPem, { mode: 0o600 });
  const connections = { headersMs: 400, requestMs: 800, handshakeMs: 400 };
  const listen = { host: '127.0.0.1', port: 0, connections };
  app = await createApp(AppModule, { app: 'log', logBase, listen }, pino({ level: 'silent' }));
  await app.listen(0, '127.0.0.1');
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  tls = await listenTls({ ...listen, publicBase: 'https://a', certFile, keyFile }, fastify, logBase);
  port = portOf(app.getHttpServer() as Server);
  tlsPort = portOf(tls);
});
afterAll(async () => {
  for (const server of [tls, app.getHttpServer() as Server]) server.closeAllConnections();
  tls.close();
  await app.close();
  rmSync(folder, { recursive: true });
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** All that the server says until it ends the connection. */
async function told(sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(sent, 'latin1');
  return await text(socket);
}

const lines = (...each: readonly string[]): string => [...each, '', ''].join('\r\n');
const close = 'Connection: close';

describe('what no client of ours sends', () => {
  const chunked = 'Transfer-Encoding: chunked';
  const json = 'Content-Type: application/json';
  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'request-malformed'],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01', 400, 'request-malformed'],
    [
      'headers of 20 KiB',
      lines('GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(20_000)}`),
      431,
      'headers-too-large',
    ],
    [
      'a length and chunks',
      `${lines('POST /things HTTP/1.1', 'Host: a', json, 'Content-Length: 4', chunked)}0\r\n\r\n`,
      400,
      'request-malformed',
    ],
    [
      'two lengths',
      `${lines('POST /things HTTP/1.1', 'Host: a', json, 'Content-Length: 2', 'Content-Length: 3')}{}`,
      400,
      'request-malformed',
    ],
    [
      'a length that is no number',
      lines('POST /things HTTP/1.1', 'Host: a', json, 'Content-Length: +2'),
      400,
      'request-malformed',
    ],
    ['a folded header', lines('GET /things/a HTTP/1.1', 'Host: a', 'X: a', ' b'), 400, 'request-malformed'],
    [
      'a space before the colon',
      lines('POST /things HTTP/1.1', 'Host: a', 'Content-Length : 2'),
      400,
      'request-malformed',
    ],
    ['no host', lines('GET /things/a HTTP/1.1', close), 400, 'request-malformed'],
    ['a method nobody knows', lines('SMUGGLE /things/a HTTP/1.1', 'Host: a'), 400, 'request-malformed'],
    ['CONNECT', lines('CONNECT bank.example:443 HTTP/1.1', 'Host: a'), 405, 'method-not-allowed'],
    ['a tunnel to itself', lines('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: a'), 405, 'method-not-allowed'],
    [
      'another expectation',
      lines('GET /things/a HTTP/1.1', 'Host: a', 'Expect: 200-ok', close),
      417,
      'expectation-failed',
    ],
    ['a fragment', lines('GET /things/a#b HTTP/1.1', 'Host: a', close), 400, 'request-malformed'],
    ['two joined hosts', lines('GET /things/a HTTP/1.1', 'Host: a, b', close), 400, 'request-malformed'],
    ['two hosts', lines('GET /things/a HTTP/1.1', 'Host: a', 'Host: b', close), 400, 'request-malformed'],
    [
      'two hosts alike',
      lines('GET /things/a HTTP/1.1', 'Host: a', 'host: a', close),
      400,
      'request-malformed',
    ],
    ['a host that is a path', lines('GET /things/a HTTP/1.1', 'Host: a/b', close), 400, 'request-malformed'],
    ['a path from nowhere', lines('GET things/a HTTP/1.1', 'Host: a', close), 400, 'request-malformed'],
    ['another scheme', lines('GET ftp://a/things/a HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['two slashes', lines('GET //things/a HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['a slash at the end', lines('GET /things/a/ HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['a dot', lines('GET /./things/a HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['an escaped slash', lines('GET /things%2Fa HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['half an escape', lines('GET /things/%f HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['a zero byte', lines('GET /things/%00/b HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['a long name', lines(`GET /things/${'a'.repeat(201)} HTTP/1.1`, 'Host: a', close), 404, 'not-found'],
    [
      'a target of 20 KiB',
      lines(`GET /things/${'a'.repeat(20_000)} HTTP/1.1`, 'Host: a', close),
      431,
      'headers-too-large',
    ],
    ['HTTP/2.0', lines('GET /things/a HTTP/2.0', 'Host: a', close), 400, 'request-malformed'],
    [
      'two tokens of chunks',
      `${lines('POST /things HTTP/1.1', 'Host: a', json, chunked, chunked, close)}0\r\n\r\n`,
      400,
      'request-malformed',
    ],
    ['OPTIONS of everything', lines('OPTIONS * HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['a path that cannot be read', lines('GET /things/%ff HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    ['a path beside the root', lines('GET /things/../../etc HTTP/1.1', 'Host: a', close), 404, 'not-found'],
    [
      'a body of a GET',
      lines('GET /things/a HTTP/1.1', 'Host: a', 'Content-Length: 2', close) + '{}',
      413,
      'payload-too-large',
    ],
    [
      'a certificate in a header',
      lines('GET /things/a HTTP/1.1', 'Host: a', 'Client-Cert: :AAAA:', close),
      400,
      'request-malformed',
    ],
    ['headers that do not end', 'GET /things/a HTTP/1.1\r\nHost: a\r\n', 408, 'request-too-slow'],
    [
      'a body that does not end',
      `${lines('POST /things HTTP/1.1', 'Host: a', json, 'Content-Length: 9')}{`,
      408,
      'request-too-slow',
    ],
    ['nothing', '', 408, 'request-too-slow'],
  ])('%s is told so, and the connection ends', async (_, sent, status, code) => {
    const heard = await told(sent);
    expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(heard).toMatch(/request-id: [0-9a-f-]{36}/i);
    expect(heard).toMatch(/content-type: application\/problem\+json/i);
    expect(heard).toMatch(/x-content-type-options: nosniff/i);
    expect(heard).toMatch(/cache-control: no-store/i);
    expect(heard).toContain(`"code":"${code}"`);
  });

  it.each([
    ['PUT', '/things/a', 'GET, HEAD'],
    ['OPTIONS', '/things/a', 'GET, HEAD'],
    ['TRACE', '/things/a', 'GET, HEAD'],
    ['PROPFIND', '/things/%61?x=y', 'GET, HEAD'],
    ['DELETE', '/things', 'POST'],
    ['GET', '/things', 'POST'],
    ['HEAD', '/things', 'POST'],
    ['DELETE', 'http://elsewhere/things', 'POST'],
  ])('%s %s is told what is allowed', async (method, path, allowed) => {
    const heard = await told(lines(`${method} ${path} HTTP/1.1`, 'Host: a', close));
    expect(heard).toMatch(/^HTTP\/1.1 405 /);
    expect(heard).toMatch(new RegExp(`\r\nAllow: ${allowed}\r\n`, 'i'));
    expect(heard).toMatch(/content-type: application\/problem\+json/i);
    expect(heard.endsWith('\r\n\r\n')).toBe(method === 'HEAD');
  });

  it.each([
    ['PUT', '/nothing'],
    ['PUT', '/things/a/b'],
    ['PUT', '/things/'],
    ['PUT', '/things/%ff'],
    ['OPTIONS', '*'],
  ])('%s %s is nowhere', async (method, path) => {
    const heard = await told(lines(`${method} ${path} HTTP/1.1`, 'Host: a', close));
    expect(heard).toMatch(/^HTTP\/1.1 404 [^]*"not-found"/);
    expect(heard).not.toMatch(/\r\nallow:/i);
  });

  it('HEAD is answered as GET on the log, without the body', async () => {
    const asked = (method: string) => told(lines(`${method} /things/a HTTP/1.1`, 'Host: a', close));
    const fixed = (heard: string) => heard.replaceAll(/^(date|request-id): .*$/gim, '');
    const [head, got] = [fixed(await asked('HEAD')), fixed(await asked('GET'))];
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(head).toMatch(/content-length: 12\r\n/i);
    expect(head.split('\r\n').toSorted()).toEqual(got.replace('{"name":"a"}', '').split('\r\n').toSorted());
  });

  it('HEAD elsewhere runs nothing, because what works once would be used up', async () => {
    const other = await createApp(AppModule, { app: 'citizen', logBase }, pino({ level: 'silent' }));
    await other.listen(0, '127.0.0.1');
    const before = taken;
    const url = `http://127.0.0.1:${portOf(other.getHttpServer() as Server)}/things/a`;
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('allow'), await answer.text()]).toEqual([405, 'GET', '']);
    expect(taken).toBe(before);
    await other.close();
  });

  it.each([
    ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
  ])('%s is answered as if it had not been asked for', async (...headers) => {
    // As Java's client sends every first request over plain HTTP, which has a body more often than not.
    const begin = lines('POST /things HTTP/1.1', 'Host: a', json, 'Content-Length: 9', ...headers);
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(`${begin}{"b":"c"}`);
    const [first] = (await once(socket, 'data')) as [string];
    expect(first).toMatch(/^HTTP\/1.1 201 Created/);
    socket.write(lines('GET /things/b HTTP/1.1', 'Host: a', close));
    expect(await text(socket)).toMatch(/HTTP\/1.1 200 OK[^]*\{"name":"b"\}$/);
  });

  it.each([
    ['HTTP/1.0', lines('GET /things/a HTTP/1.0')],
    ['a host in the request line', lines('GET http://elsewhere/things/a HTTP/1.1', 'Host: a', close)],
    ['a host and a port', lines('GET HTTPS://elsewhere:1/things/a?b=c HTTP/1.1', 'Host: a', close)],
    ['a path spelled otherwise', lines('GET /%74hings/%61 HTTP/1.1', 'Host: a', close)],
  ])('%s is answered as any request', async (_, sent) => {
    expect(await told(sent)).toMatch(/^HTTP\/1.1 200 OK[^]*\{"name":"a"\}/);
  });
});

describe('TLS', () => {
  const hello = async (options: ConnectionOptions): Promise<TLSSocket> => {
    const socket = connectTls({ port: tlsPort, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return socket;
  };

  it.each([
    ['AES-256 with CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384' }],
    ['AES-128 with CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }],
    ['a key that is not of the moment', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ] as const)('is refused with %s', async (_, options) => {
    await expect(hello(options)).rejects.toThrow(/alert|protocol|handshake/i);
  });

  it.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ] as const)('%s goes by %s, and the answer asks to come by TLS from then on', async (version, cipher) => {
    const socket = await hello({ maxVersion: version });
    expect([socket.getProtocol(), socket.getCipher().standardName ? socket.getCipher().name : '']).toEqual([
      version,
      cipher,
    ]);
    socket.write(lines('GET /things/a HTTP/1.1', 'Host: a', close));
    expect(await text(socket)).toMatch(/strict-transport-security: max-age=31536000/i);
  });

  it('that never begins ends', async () => {
    const socket = connect(tlsPort, '127.0.0.1');
    await once(socket.resume(), 'close');
  });

  it('is not spoken of where there is none', async () => {
    expect(await told(lines('GET /things/a HTTP/1.1', 'Host: a', close))).not.toMatch(/strict-transport/i);
  });
});

describe('a listener that is full', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  async function listening(connections: ConnectionsConfig, proxies?: string[]): Promise<Server> {
    const config = { host: '127.0.0.1', port: 0, connections, ...(proxies && { proxies }) };
    const server = newServer(config, (request, response) => {
      if (request.url === '/known') callerIsKnown(request.socket);
      response.end('ok');
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return server;
  }

  async function opened(server: Server, url?: string): Promise<Socket> {
    const accepted = once(server, 'connection');
    const socket = connect(portOf(server), '127.0.0.1').on('error', () => undefined);
    await accepted;
    if (url !== undefined) {
      socket.write(lines(`GET ${url} HTTP/1.1`, 'Host: a'));
      await once(socket, 'data');
    }
    return socket;
  }

  it.each([
    ['of one address', { perAddress: 2 }],
    ['in all', { total: 2 }],
  ])('%s closes what has been held open longest', async (_, bounds) => {
    const server = await listening(bounds);
    const [first, second] = [await opened(server), await opened(server, '/')];
    const gone = text(first);
    const third = await opened(server, '/');
    // Without a word, as none is said to one that is closed for room: 408 would come by itself.
    expect(await gone).toBe('');
    expect([first.closed, second.closed, third.closed]).toEqual([true, false, false]);
    for (const socket of [second, third]) socket.destroy();
  });

  it('keeps the connections of known callers, and turns the next away when all are', async () => {
    const server = await listening({ perAddress: 2 });
    const known = [await opened(server, '/known'), await opened(server, '/known')];
    const next = await opened(server);
    expect(await text(next)).toBe('');
    expect(known.map(({ closed }) => closed)).toEqual([false, false]);
    for (const socket of known) socket.destroy();
  });

  it('does not count the connections of a proxy by their address', async () => {
    const server = await listening({ perAddress: 1 }, ['127.0.0.0/8']);
    const all = [await opened(server, '/'), await opened(server, '/'), await opened(server, '/')];
    expect(all.map(({ closed }) => closed)).toEqual([false, false, false]);
    for (const socket of all) socket.destroy();
  });

  it('has room again when a connection has ended', async () => {
    const server = await listening({ perAddress: 1 });
    const first = await opened(server, '/known');
    first.destroy();
    await once(first, 'close');
    const answer = new Promise<string>((resolve, reject) => {
      const ask = (): void =>
        void get({ port: portOf(server), agent: false }, (response) => resolve(text(response))).on(
          'error',
          () => ask(),
        );
      ask();
      setTimeout(() => reject(new Error('no room')), 10_000).unref();
    });
    expect(await answer).toBe('ok');
  });

  it('closes a connection that asks nothing more', async () => {
    const server = await listening({ idleMs: 50 });
    const socket = await opened(server, '/');
    await once(socket.resume(), 'close');
  });
});

import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import request from 'supertest';
import { Public } from './access/access.guard.js';
import { RequireScope } from './access/scope.guard.js';
import { createApp } from './http.js';
import { TakesBody } from './route.js';

const mebibyte = 1_048_576;

@Controller()
class Routes {
  @Post('closed') @RequireScope('checks') @TakesBody(6 * mebibyte) closed(): object {
    return {};
  }
  @Post('small') @Public() @TakesBody(1024) small(@Body() body: object): object {
    return body;
  }
}

@Module({ controllers: [Routes] })
class AppModule {}

let app: NestFastifyApplication;
let port: number;
beforeAll(async () => {
  const config = { app: 'lender', logBase: 'https://log.test' } as const;
  app = await createApp(AppModule, config, pino({ level: 'silent' }));
  await app.listen(0, '127.0.0.1');
  ({ port } = app.getHttpServer().address() as AddressInfo);
});
afterAll(async () => {
  app.getHttpServer().closeAllConnections();
  await app.close();
});

const urlOf = (path: string): string => `http://127.0.0.1:${port}${path}`;
const long = Buffer.alloc(4 * mebibyte, 0x20);

describe('a refusal whose body was not read reaches', () => {
  const curl = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        'curl',
        ['-s', '-S', '-o', '-', '-w', ' %{http_code}', '-H', 'Content-Type: application/json', ...args],
        (error, stdout) => (error ? reject(error) : resolve(stdout)),
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(long);
    });

  it.each([
    ['of known length', []],
    ['in chunks', ['-H', 'Transfer-Encoding: chunked']],
    ['that asks first', ['-H', 'Expect: 100-continue']],
    ['that does not ask', ['-H', 'Expect:']],
    ['over HTTP/1.0', ['--http1.0', '-H', 'Expect:']],
  ])('curl with 4 MiB %s', async (_, args) => {
    const answer = await curl(...args, '--data-binary', '@-', urlOf('/closed'));
    expect(answer).toMatch(/"code":"not-permitted".* 403$/);
  });

  it('fetch with 4 MiB', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(urlOf('/closed'), { method: 'POST', headers, body: long });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'not-permitted' }),
    ]);
  });

  it('supertest', async () => {
    const answer = await request(urlOf('')).post('/closed').type('json').send(long.toString());
    expect(answer.status).toBe(403);
  });
});
/** The last step: not we end the connection. */
const theEnd = Symbol('the end');

/** What comes back for these parts, each sent when the answer so far matches the pattern before it. */
async function dialogue(...steps: readonly (string | RegExp | typeof theEnd)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let heard = '';
  const rest = steps.filter((step) => step !== theEnd);
  const waits = rest.length < steps.length;
  const proceed = (): void => {
    while (rest.length > 0) {
      const [step] = rest;
      if (step instanceof RegExp) {
        if (!step.test(heard)) return;
        heard = heard.replace(step, (part) => `${part}\u241e`);
      } else if (typeof step === 'string') socket.write(step);
      rest.shift();
    }
    if (!waits) socket.end();
  };
  socket.on('data', (chunk: string) => {
    heard += chunk;
    proceed();
  });
  proceed();
  await text(socket).catch(() => undefined);
  expect(rest).toEqual([]);
  return heard;
}

const head = (path: string, ...headers: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', ...headers, '', ''].join('\r\n');

describe('on a connection', () => {
  it('the next call is answered when the rest of a refused body has come', async () => {
    const refused = head('/closed', 'Content-Length: 9000');
    await dialogue(
      refused,
      /403 Forbidden(?:.*\r\n)+.*"not-permitted".*}/,
      ' '.repeat(9000),
      head('/small', 'Content-Length: 2'),
      '{}',
      /201 Created(?:.*\r\n)+\{\}/,
    );
  });

  it('nobody is asked for a body that is refused', async () => {
    const heard = await dialogue(
      head('/closed', 'Content-Length: 9000', 'Expect: 100-continue'),
      /403 Forbidden(?:.*\r\n)+.*"not-permitted".*}/,
    );
    expect(heard).not.toContain('100 Continue');
    expect(heard).toMatch(/connection: close/i);
  });

  it('a body that will do is asked for once', async () => {
    const heard = await dialogue(
      head('/small', 'Content-Length: 2', 'Expect: 100-continue'),
      /^HTTP\/1.1 100 Continue\r\n\r\n$/,
      '{}',
      /201 Created(?:.*\r\n)+\{\}/,
    );
    expect(heard.match(/100 Continue/g)).toHaveLength(1);
  });

  it('chunks are cut at the bound of the route', async () => {
    const chunk = `400\r\n${' '.repeat(1024)}\r\n`;
    await dialogue(
      head('/small', 'Transfer-Encoding: chunked'),
      chunk,
      '1\r\n \r\n',
      /413 Payload Too Large(?:.*\r\n)+.*"payload-too-large".*}/,
    );
  });

  it('a body that never comes ends it', async () => {
    const heard = await dialogue(head('/closed', 'Content-Length: 5000000'), /403 Forbidden/, theEnd);
    expect(heard).toMatch(/connection: close[^]*"not-permitted".*}$/);
  });
});

describe('before a byte of the body', () => {
  const length = 'Content-Length: 2';
  it.each([
    ['a length beyond the bound', ['Content-Length: 1025'], 413, 'payload-too-large'],
    ['another coding', [length, 'Content-Encoding: gzip'], 415, 'media-type-not-supported'],
    ['codings', [length, 'Content-Encoding: identity, br'], 415, 'media-type-not-supported'],
    ['an unknown transfer coding', ['Transfer-Encoding: gzip, chunked'], 400, 'request-malformed'],
    ['two media types', [length, 'Content-Type: text/plain'], 400, 'request-malformed'],
    ['two tokens', [length, 'Authorization: DPoP a', 'Authorization: DPoP b'], 400, 'request-malformed'],
    ['two hosts', [length, 'Host: b'], 400, 'request-malformed'],
    ['another expectation', [length, 'Expect: 200-ok'], 417, 'expectation-failed'],
  ])('%s is refused', async (_, headers, status, code) => {
    const heard = await dialogue(
      head('/small', ...headers),
      new RegExp(`^HTTP/1.1 ${status} [^]*"${code}"[^]*}`),
    );
    expect(heard).toMatch(/Request-Id: [0-9a-f-]{36}/i);
  });

  it.each([
    ['application/json', 201],
    ['application/json; charset=utf-8', 201],
    ['Application/JSON;charset="UTF-8"', 201],
    ['application/json; charset=utf-16', 415],
    ['application/json; a=b; charset=utf-8', 415],
    ['application/jsonp', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
  ])('the media type %s is answered %i', async (type, status) => {
    const answer = await fetch(urlOf('/small'), {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: '{}',
    });
    expect(answer.status).toBe(status);
  });
});

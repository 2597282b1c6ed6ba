import 'reflect-metadata';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { ConfigError } from './config.js';
import { IsOptional, IsString } from 'class-validator';
import { Controller, Get, Module, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { Public } from './access/access.guard.js';
import { createApp, listenTls } from './http.js';

const folder = mkdtempSync(join(tmpdir(), 'tyiym-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the key of a TLS listener that others can read stops the process, as every secret does', async () => {
  const [certFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  writeFileSync(certFile, '');
  writeFileSync(keyFile, '');
  chmodSync(keyFile, 0o640);
  const config = { host: '127.0.0.1', port: 0, publicBase: 'https://localhost', certFile, keyFile };
  const opened = await listenTls(config, fastify(), 'https://log.test').then(
    (server) => server.close(),
    (error: unknown) => error,
  );
  expect(opened).toBeInstanceOf(ConfigError);
  expect(String(opened)).toContain('others can read it');
});

class AskedQuery {
  @IsOptional() @IsString() readonly after?: string;
}

@Controller()
@Public()
class Asked {
  @Get('asked') asked(@Query() query: AskedQuery): object {
    return { ...query };
  }
}

@Module({ controllers: [Asked] })
class AskedModule {}

describe('a query', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    app = await createApp(
      AskedModule,
      { app: 'lender', logBase: 'https://log.test' },
      pino({ level: 'silent' }),
    );
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it.each([
    ['after=a', 200],
    ['%61fter=a', 200],
    ['after=a&after=b', 400],
    ['after=a&%61fter=b', 400],
    ['after[]=a', 400],
    ['after[x]=a', 400],
    ['After=a', 400],
    ['__proto__=a', 400],
    ['constructor=a', 400],
    ['toString=a', 400],
    ['hasOwnProperty=a', 400],
    ['%74oString=a', 400],
    ['=a', 400],
  ])('?%s is answered %i', async (query, status) => {
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/asked?${query}`)).status).toBe(status);
  });
});

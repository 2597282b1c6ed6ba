import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Param, Post, Res, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { IsIn, IsString, Matches } from 'class-validator';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import pg from 'pg';
import request from 'supertest';
import { problemKinds } from './catalogue.js';
import { ProblemFilter } from './problem.filter.js';
import { Problem } from './problem.js';
import { validationProblem } from './validation-problem.js';

class AskDto {
  @Matches(/^\d{12}$/) readonly iin: string;
  @IsIn(['decision', 'disbursement']) readonly stage: string;
}

/** Numbers that only stand for what a caller sent; the answer and the log must not hold them. */
const sent = '987654321098';

async function refusedConnection(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
}

async function lostDatabase(): Promise<void> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    await new pg.Client({ host: '127.0.0.1', port, user: 'nobody', database: 'none' }).connect();
  } finally {
    server.close();
  }
}

const failures: Readonly<Record<string, () => unknown>> = {
  'refused-connection': refusedConnection,
  'lost-database': lostDatabase,
  'database-shutting-down': () => Promise.reject(Object.assign(new Error(sent), { code: '57P01' })),
  'unique-violation': () => Promise.reject(Object.assign(new Error(sent), { code: '23505', detail: sent })),
  'broken-text': () => JSON.parse(`"${sent}`) as unknown,
  'broken-promise': () => Promise.reject(new Error(`about ${sent}`)),
  'no-error-at-all': () => Promise.reject(sent as unknown as Error),
};

@Controller()
class Routes {
  @Post('checks')
  @HttpCode(201)
  ask(@Body() body: AskDto): AskDto {
    return body;
  }

  @Get('failures/:name')
  fail(@Param('name') name: string): unknown {
    return failures[name]?.();
  }

  @Get('unavailable')
  unavailable(): never {
    throw new Problem('revocation-unavailable', { cause: new Error('the list is old') });
  }

  @Get('nobody')
  nobody(): never {
    throw new Problem('not-authenticated');
  }

  @Get('challenged')
  challenged(@Res({ passthrough: true }) reply: { header(name: string, value: string): void }): never {
    reply.header('WWW-Authenticate', 'DPoP error="use_dpop_nonce"');
    reply.header('DPoP-Nonce', 'fresh');
    throw new Problem('not-authenticated');
  }
}

class Suffix {
  @IsString() readonly text: string;
}

describe('a failure on its way out', () => {
  let app: NestFastifyApplication;
  const lines: { level: string; record: object; message: string }[] = [];
  const logAt = (level: string) => (record: object, message: string) =>
    void lines.push({ level, record, message });

  beforeAll(async () => {
    const testing = await Test.createTestingModule({ controllers: [Routes] }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ bodyLimit: 1024, genReqId: () => '0197f3a0-0000-7000-8000-000000000000' }),
      { logger: false },
    );
    app.useGlobalPipes(
      new ValidationPipe({
        whitelist: true,
        forbidNonWhitelisted: true,
        exceptionFactory: validationProblem,
      }),
    );
    app.useGlobalFilters(
      new ProblemFilter('https://log.example', {
        of: () => ({ info: logAt('info'), warn: logAt('warn'), error: logAt('error') }),
      }),
    );
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(() => app.close());
  beforeEach(() => void lines.splice(0));

  const json = { 'Content-Type': 'application/json' };

  it.each([
    ['text that is not JSON', json, `{"iin":"${sent}"`, 'request-malformed'],
    ['nothing', json, '', 'request-malformed'],
    ['a body beyond the limit', json, `{"iin":"${'9'.repeat(2000)}"}`, 'payload-too-large'],
    ['another media type', { 'Content-Type': 'text/csv' }, sent, 'media-type-not-supported'],
    ['a wrong member', json, `{"iin":"123456789012","stage":"${sent}"}`, 'request-malformed'],
    ['an unknown member', json, `{"iin":"123456789012","stage":"decision","${sent}":1}`, 'request-malformed'],
    ['a wrong IIN and a wrong member', json, `{"iin":"${sent}0","stage":1}`, 'request-malformed'],
    ['no IIN', json, '{"stage":"decision"}', 'request-malformed'],
    ['only the IIN wrong', json, `{"iin":"${sent}0","stage":"decision"}`, 'iin-malformed'],
  ] as const)('answers %s with its own code and repeats no value', async (_, headers, body, code) => {
    const answer = await request(app.getHttpServer()).post('/checks').set(headers).send(body);
    const { status, title, detail } = problemKinds[code];
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      type: `https://log.example/problems/${code}`,
      title,
      status,
      detail,
      code,
      requestId: '0197f3a0-0000-7000-8000-000000000000',
    });
    expect(answer.text).not.toContain(sent);
    expect(lines).toEqual([]);
  });

  it.each([
    ['{"stage":"decision"}', [{ pointer: '/iin', code: 'member-missing' }]],
    ['{"iin":12,"stage":"decision"}', [{ pointer: '/iin', code: 'iin-malformed' }]],
    ['{"iin":"123456789012","stage":"x"}', [{ pointer: '/stage', code: 'member-malformed' }]],
    ['{"iin":"123456789012","stage":"decision","scope":1}', [{ pointer: '/scope', code: 'member-unknown' }]],
    ['{"iin":"123456789012","stage":"decision","x1":1}', [{ pointer: '', code: 'member-unknown' }]],
  ])('points into %s', async (body, errors) => {
    const answer = await request(app.getHttpServer()).post('/checks').set(json).send(body);
    expect(answer.body).toMatchObject({ errors });
  });

  it.each([
    ['refused-connection', 'registry-unavailable', 'warn'],
    ['lost-database', 'registry-unavailable', 'warn'],
    ['database-shutting-down', 'registry-unavailable', 'warn'],
    ['unique-violation', 'internal', 'error'],
    ['broken-text', 'internal', 'error'],
    ['broken-promise', 'internal', 'error'],
    ['no-error-at-all', 'internal', 'error'],
  ] as const)('%s becomes %s, logged once without a value', async (name, code, level) => {
    const answer = await request(app.getHttpServer()).get(`/failures/${name}`);
    expect(answer.body).toMatchObject({ code, status: problemKinds[code].status });
    expect(answer.headers['retry-after']).toBe(code === 'internal' ? undefined : '1');
    expect(lines).toMatchObject([
      { level, record: { requestId: '0197f3a0-0000-7000-8000-000000000000', code } },
    ]);
    expect(answer.text + JSON.stringify(lines)).not.toContain(sent);
  });

  it('tells a route that is not there from one that is, without repeating its path', async () => {
    const answer = await request(app.getHttpServer()).get(`/nowhere/${sent}`);
    expect(answer.body).toMatchObject({ code: 'not-found', status: 404 });
    expect(answer.text).not.toContain(sent);
    expect(lines).toEqual([]);
  });

  it('says when to come again, and keeps the reason to itself', async () => {
    const answer = await request(app.getHttpServer()).get('/unavailable');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('30');
    expect(answer.text).not.toContain('the list is old');
    expect(JSON.stringify(lines)).toContain('the list is old');
  });

  it('challenges whoever is not authenticated, and leaves a challenge that was made alone', async () => {
    const plain = await request(app.getHttpServer()).get('/nobody');
    expect(plain.headers['www-authenticate']).toBe('DPoP algs="ES256 PS256"');
    const challenged = await request(app.getHttpServer()).get('/challenged');
    expect(challenged.headers).toMatchObject({
      'www-authenticate': 'DPoP error="use_dpop_nonce"',
      'dpop-nonce': 'fresh',
      'cache-control': 'no-store',
    });
  });

  it('names members of members by their whole way', () => {
    const child = {
      property: '0',
      children: [{ property: 'iin', value: 'x', constraints: { matches: '' } }],
    };
    const problem = validationProblem([{ property: 'items', value: [new Suffix()], children: [child] }]);
    expect(problem.errors).toEqual([{ pointer: '/items/0/iin', code: 'iin-malformed' }]);
    expect(problem.code).toBe('iin-malformed');
  });
});

import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Module,
  Req,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply } from 'fastify';
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import request, { type Response } from 'supertest';
import type { Party } from '#libs/party/party.js';
import { problemKinds } from '#libs/problem/catalogue.js';
import { Problem } from '#libs/problem/problem.js';
import { loneLimits } from '../../../test/support/lone-limits.js';
import { accessToken, dpopProof, newKeyPair } from '../../../test/support/machine-client.js';
import { CallLimits } from '../limits/call-limits.service.js';
import { Public, type CallerRequest } from './access.guard.js';
import { PartyAccessModule, PARTY_DIRECTORY } from './access.module.js';
import type { PartyDirectory } from './caller.js';
import { RequireScope } from './scope.guard.js';

const now = Date.UTC(2026, 2, 1, 12);
const issuer = 'http://access.test';
const publicBase = 'http://lender.test';
const issuerKey = await newKeyPair();
const proofKey = await newKeyPair();
const party: Party = {
  clientId: 'bank-alpha',
  kind: 'bank',
  bin: '000000000000',
  names: { kk: 'A', ru: 'A', en: 'A' },
  scopes: ['checks'],
  resource: publicBase,
  state: 'admitted',
  admittedAt: 0,
  keys: [],
};

@Controller()
class Routes {
  @Get('checks') @RequireScope('checks') checks(@Req() request: CallerRequest): object {
    return { clientId: request.party.clientId };
  }
  @Get('loans') @RequireScope('loans') loans(): object {
    return {};
  }
  @Get('party') @RequireScope('any') party(): object {
    return {};
  }
  @Get('livez') @Public() livez(): object {
    return {};
  }
  @Get('forgotten') forgotten(): object {
    return {};
  }
}

const rulesListeners: (() => void)[] = [];
const directory: PartyDirectory = {
  partyOf: (clientId) => (clientId === party.clientId ? party : undefined),
  registryNow: () => now,
  isCompromised: () => false,
  onRulesChanged: (listener) => rulesListeners.push(listener),
};

@Module({
  providers: [
    { provide: PARTY_DIRECTORY, useValue: directory },
    { provide: CallLimits, useFactory: loneLimits },
  ],
  exports: [PARTY_DIRECTORY, CallLimits],
})
class DirectoryModule {}

/** Only the status: how a Problem is written is the business of its own filter. */
@Catch(Problem)
class StatusOnly implements ExceptionFilter<Problem> {
  catch(problem: Problem, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply.status(problemKinds[problem.code].status).send({ code: problem.code });
  }
}

let areKeysWithdrawn = false;
let app: NestFastifyApplication;
beforeAll(async () => {
  const published = createLocalJWKSet({ keys: [{ ...issuerKey.publicJwk, kid: issuerKey.kid }] });
  const keys: JWTVerifyGetKey = async (header, token) => {
    if (areKeysWithdrawn) throw new errors.JWKSNoMatchingKey();
    return await published(header, token);
  };
  const listeners = { plain: { publicBase, proxies: undefined } };
  const settings = {
    issuer,
    scopes: ['checks'],
    listeners,
    keys,
    clock: () => now,
    imports: [DirectoryModule],
  };
  const module = await Test.createTestingModule({
    imports: [PartyAccessModule.register(settings)],
    controllers: [Routes],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.useGlobalFilters(new StatusOnly());
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(() => app.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  Promise.resolve(request(app.getHttpServer()).get(path).set(headers));

const tokenWith = (scope: string): Promise<string> =>
  accessToken(issuerKey, now, {
    claims: { iss: issuer, aud: publicBase, client_id: 'bank-alpha', scope, cnf: { jkt: proofKey.kid } },
  });

/** Calls as a client does: takes a nonce from any answer, then proves possession. */
async function callWith(token: string, path: string): Promise<Response> {
  const nonce = String((await get('/livez')).headers['dpop-nonce']);
  const of = { method: 'GET', url: `${publicBase}${path}`, accessToken: token, nonce };
  const dpop = await dpopProof(proofKey, of, now);
  return await get(path, { authorization: `DPoP ${token}`, dpop });
}

const call = async (path: string, scope = 'checks'): Promise<Response> =>
  await callWith(await tokenWith(scope), path);

describe('a route', () => {
  it('gets the party that calls', async () => {
    const answer = await call('/checks');
    expect([answer.status, answer.body]).toEqual([200, { clientId: 'bank-alpha' }]);
  });

  it.each([
    ['/loans', 'loans', 403],
    ['/checks', 'loans', 403],
    ['/party', 'checks', 200],
    ['/party', 'citizen', 403],
    ['/forgotten', 'checks', 403],
    ['/nowhere', 'checks', 404],
  ])('%s with the scope %s answers %i', async (path, scope, status) => {
    expect((await call(path, scope)).status).toBe(status);
  });

  it.each([
    ['/checks', 401],
    ['/forgotten', 401],
    ['/livez', 200],
    ['/.well-known/oauth-protected-resource', 200],
    ['/nowhere', 404],
  ])('%s called by nobody answers %i, with a nonce', async (path, status) => {
    const answer = await get(path);
    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([
      status,
      expect.stringMatching(/^[\w-]{43}$/),
    ]);
  });
});

describe('the challenge', () => {
  const metadata = `${publicBase}/.well-known/oauth-protected-resource`;

  it('of a call without credentials names no error', async () => {
    const answer = await get('/checks');
    expect(answer.headers['www-authenticate']).toBe(
      `DPoP algs="ES256 PS256", resource_metadata="${metadata}"`,
    );
  });

  it('of a proof without our nonce asks for one', async () => {
    const token = await tokenWith('checks');
    const of = { method: 'GET', url: `${publicBase}/checks`, accessToken: token };
    const dpop = await dpopProof(proofKey, of, now);
    const answer = await get('/checks', { authorization: `DPoP ${token}`, dpop });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce", /);
  });
});

it('the metadata says where tokens come from and how they are bound', async () => {
  const answer = await get('/.well-known/oauth-protected-resource');
  expect(answer.body).toEqual({
    resource: publicBase,
    authorization_servers: [issuer],
    scopes_supported: ['checks'],
    bearer_methods_supported: ['header'],
    tls_client_certificate_bound_access_tokens: true,
    dpop_signing_alg_values_supported: ['ES256', 'PS256'],
  });
});

it('a token verified under the old rules is verified again once they have changed', async () => {
  const token = await tokenWith('checks');
  expect((await callWith(token, '/checks')).status).toBe(200);
  areKeysWithdrawn = true;
  expect((await callWith(token, '/checks')).status).toBe(200);
  for (const listener of rulesListeners) listener();
  expect((await callWith(token, '/checks')).status).toBe(401);
  areKeysWithdrawn = false;
  expect((await callWith(token, '/checks')).status).toBe(200);
});

/**
 * Every route of every app that parties call × every kind of party, read from the committed OpenAPI documents, so that
 * a new route is in the matrix before anybody thinks of it. Plus every way in which a caller can be nobody.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { auditAfterEach } from '../support/auditor.js';
import { bureauBase, call, newWorld, type Channel, type World } from '../support/citizen-world.js';

type Method = 'GET' | 'POST' | 'PUT';

interface Route {
  readonly app: 'lender' | 'bureau' | 'citizen';
  readonly method: Method;
  readonly path: string;
  readonly isPublic: boolean;
}

/** Which client ids a route lets in; whoever is not named must get 403. */
const admitted: Readonly<Record<string, readonly string[]>> = {
  'lender POST /v1/checks': ['bank-alpha', 'mfo-gamma'],
  'lender GET /v1/checks': ['bank-alpha', 'mfo-gamma'],
  'lender GET /v1/checks/{checkId}': ['bank-alpha', 'mfo-gamma'],
  'lender GET /v1/checks/{checkId}/proof': ['bank-alpha', 'mfo-gamma'],
  'lender POST /v1/check-batches': ['bank-alpha', 'mfo-gamma'],
  'lender POST /v1/loans': ['bank-alpha', 'mfo-gamma', 'gkb', 'pkb'],
  'lender GET /v1/loans': ['bank-alpha', 'mfo-gamma', 'gkb', 'pkb'],
  'lender GET /v1/loans/{loanId}': ['bank-alpha', 'mfo-gamma', 'gkb', 'pkb'],
  'lender GET /v1/notices': ['bank-alpha', 'mfo-gamma'],
  'lender GET /v1/party': ['bank-alpha', 'mfo-gamma', 'gkb', 'pkb', 'egov-portal', 'egov-mobile'],
  'bureau GET /v1/streams': ['gkb', 'pkb'],
  'bureau GET /v1/stream-status': ['gkb', 'pkb'],
  'bureau POST /v1/streams/{streamId}/poll': ['gkb', 'pkb'],
  'bureau GET /v1/streams/{streamId}/keys': ['gkb', 'pkb'],
  'bureau GET /v1/streams/{streamId}/events': ['gkb', 'pkb'],
  'bureau GET /v1/streams/{streamId}/snapshot': ['gkb', 'pkb'],
  'bureau POST /v1/streams/{streamId}/position': ['gkb', 'pkb'],
  'bureau POST /v1/streams/{streamId}/verification': ['gkb', 'pkb'],
  'bureau POST /v1/stamps': ['gkb', 'pkb'],
  'bureau GET /v1/party': ['gkb', 'pkb'],
  'bureau POST /v1/loans': ['gkb', 'pkb'],
  'bureau POST /v1/corrections': ['gkb', 'pkb'],
  'bureau POST /v1/digests': ['gkb', 'pkb'],
  'bureau POST /v1/digests/{bucket}': ['gkb', 'pkb'],
  'citizen POST /v1/applications': ['egov-portal', 'egov-mobile'],
  'citizen PUT /v1/applications/{applicationId}/signature': ['egov-portal', 'egov-mobile'],
  'citizen GET /v1/applications/{applicationId}': ['egov-portal', 'egov-mobile'],
  'citizen POST /v1/refusal-status': ['egov-portal', 'egov-mobile'],
  'citizen POST /v1/lift-cancellations': ['egov-portal', 'egov-mobile'],
  'citizen POST /v1/trail': ['egov-portal', 'egov-mobile'],
};
const openToAll = [
  'lender GET /.well-known/oauth-protected-resource',
  'bureau GET /.well-known/oauth-protected-resource',
  'bureau GET /.well-known/ssf-configuration',
  'citizen GET /.well-known/oauth-protected-resource',
  'citizen GET /egov-mobile/{secret}',
  'citizen GET /egov-mobile/documents/{applicationId}',
  'citizen PUT /egov-mobile/documents/{applicationId}',
];
const everyScope = 'citizen checks loans feed stamps';

const routes = (['lender', 'bureau', 'citizen'] as const).flatMap(routesOf);
const nameOf = ({ app, method, path }: Route): string => `${app} ${method} ${path}`;
const closed = routes.filter(({ isPublic }) => !isPublic);

let world: World;
let apps: Readonly<Record<Route['app'], NestFastifyApplication>>;

beforeAll(async () => {
  world = await newWorld();
  apps = { citizen: world.app, lender: await world.startLender(), bureau: await world.startBureau() };
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

describe('the matrix', () => {
  it('names every route there is, and only those', () => {
    expect(
      routes
        .filter(({ isPublic }) => !isPublic)
        .map(nameOf)
        .toSorted(),
    ).toEqual(Object.keys(admitted).toSorted());
    expect(
      routes
        .filter(({ isPublic }) => isPublic)
        .map(nameOf)
        .toSorted(),
    ).toEqual(openToAll.toSorted());
  });
});

describe.each(closed)('$app $method $path', (route) => {
  const clients = [
    'bank-alpha',
    'mfo-gamma',
    'gkb',
    'pkb',
    'regulator',
    'court',
    'egov-portal',
    'egov-mobile',
  ];

  it.each(clients)('knows what to do with %s', async (clientId) => {
    const status = await statusFor(route, clientId, everyScope);
    if (admitted[nameOf(route)]?.includes(clientId)) expect([400, 404, 409, 422, 200, 201]).toContain(status);
    else expect(status).toBe(403);
  });

  it('lets nobody in whose token carries no scope of this route', async () => {
    for (const clientId of admitted[nameOf(route)] ?? [])
      expect(await statusFor(route, clientId, 'nothing')).toBe(403);
  });

  it.each([
    ['no token', {}],
    ['a token of another kind', { Authorization: 'Basic YTpi' }],
    ['a plain bearer token', { Authorization: 'Bearer eyJhbGciOiJFUzI1NiJ9.e30.AA' }],
    ['a DPoP token without its proof', { Authorization: 'DPoP eyJhbGciOiJFUzI1NiJ9.e30.AA' }],
  ])('answers 401 with a challenge to %s', async (_, headers) => {
    const response = await send(route, headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toContain('DPoP');
    expect(response.headers['dpop-nonce']).toMatch(/./);
    expect(response.body).toMatchObject({ code: 'not-authenticated', status: 401 });
  });
});

describe('a token', () => {
  it('of the citizen app is nothing at the lender, and the other way round', async () => {
    const [check] = routes.filter((route) => nameOf(route) === 'lender POST /v1/checks');
    const [status] = routes.filter((route) => nameOf(route) === 'citizen POST /v1/refusal-status');
    if (check === undefined || status === undefined) throw new Error('no such route');
    const bankAtCitizen = { ...world.bank, resource: world.bank.resource };
    expect((await callAs(status, bankAtCitizen, everyScope)).status).toBe(401);
    expect((await callAs(check, world.portal, everyScope)).status).toBe(401);
  });

  it('counts only for the party whose key proves it', async () => {
    const [route] = closed;
    if (route === undefined) throw new Error('no route');
    const thief: Channel = { ...world.bank, key: world.portal.key };
    const stolen = await callAs(route, world.bank, everyScope, thief);
    expect(stolen.status).toBe(401);
  });
});

/** The party with a token for the app of this route, whatever app it was admitted to. */
function partyOf(clientId: string, app: Route['app']): Channel {
  const party = [world.bank, world.portal, world.mobile, ...world.others].find(
    (each) => each.clientId === clientId,
  );
  if (party === undefined) throw new Error(`no ${clientId}`);
  const resources = { lender: world.bank.resource, bureau: bureauBase, citizen: world.portal.resource };
  return { ...party, resource: resources[app] };
}

async function statusFor(route: Route, clientId: string, scope: string): Promise<number> {
  return (await callAs(route, partyOf(clientId, route.app), scope)).status;
}

async function callAs(
  route: Route,
  party: Channel,
  scope: string,
  prover = party,
): Promise<request.Response> {
  const path = concrete(route.path);
  const app = apps[route.app];
  return call({ app }, party, {
    ...{ method: route.method, path, scope, key: randomUUID() },
    ...(route.method !== 'GET' && { body: {} }),
    ...(prover !== party && { prover: prover.key }),
  });
}

async function send(route: Route, headers: Readonly<Record<string, string>>): Promise<request.Response> {
  const agent = request(apps[route.app].getHttpServer());
  const path = concrete(route.path);
  const sent =
    route.method === 'GET' ? agent.get(path) : route.method === 'PUT' ? agent.put(path) : agent.post(path);
  return sent.set(headers);
}

function concrete(path: string): string {
  return path
    .replace('{checkId}', 'chk_01m833m14vep39sxqzgk6250sn')
    .replace('{loanId}', 'lon_01m833m14vep39sxqzgk6250sn')
    .replace('{streamId}', 'str_01m833m14vep39sxqzgk6250sn')
    .replace('{bucket}', '7')
    .replace('{applicationId}', 'app_01m833m14vep39sxqzgk6250sn');
}

function routesOf(app: Route['app']): Route[] {
  const { paths } = JSON.parse(readFileSync(`openapi/${app}.json`, 'utf8')) as {
    paths: Record<string, Record<string, { security: unknown[] }>>;
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => ({
      app,
      path,
      method: method.toUpperCase() as Method,
      isPublic: security.length === 0,
    })),
  );
}

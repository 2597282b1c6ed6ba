/**
 * Every route of every app says who may call it and how large its body may be. Read from the controllers themselves, so
 * that a new route is here before anybody thinks of it; what is open to strangers, or takes much, stands in a table.
 */
import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { RequestMethod, type DynamicModule, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';
import type { Config } from '#libs/platform/config.js';
import { AccessModule } from '../apps/access/access.module.js';
import { BureauModule } from '../apps/bureau/bureau.module.js';
import { CitizenModule } from '../apps/citizen/citizen.module.js';
import { LenderModule } from '../apps/lender/lender.module.js';
import { LogModule } from '../apps/log/log.module.js';

const config: Config = {
  app: 'lender',
  sandbox: true,
  origin: 'sandbox.tyiym.kz/journal/1',
  database: { host: '127.0.0.1', port: 1, name: 'none', user: 'none', passwordFile: 'none' },
  keysDir: 'none',
  publicBase: 'https://example.invalid',
  issuer: 'https://access.example.invalid',
  logBase: 'https://log.example.invalid',
  nca: { rootFiles: [], intermediateFiles: [], crlUrls: {} },
  egovMobile: { organisation: { nameRu: '', nameKz: '', nameEn: '', bin: '200340000012' } },
};

interface Route extends FastifyContextConfig {
  readonly name: string;
  readonly method: string;
}

const routes = Object.entries({
  access: AccessModule.register(config),
  bureau: BureauModule.register(config),
  citizen: CitizenModule.register(config),
  lender: LenderModule.register(config),
  log: LogModule.register(config),
}).flatMap(([app, root]) => controllersOf(root).flatMap((controller) => routesOf(app, controller)));
const kibibyte = 1024;

describe('a route without a token', () => {
  const health = ['GET livez', 'GET readyz', 'GET version'];
  const metadata = ['GET .well-known/oauth-protected-resource'];
  // Beside these the library of `access` answers POST /token (56 KiB, counted per address) and GET /jwks.
  const open: Readonly<Record<string, readonly string[]>> = {
    access: [...health, 'GET .well-known/oauth-authorization-server', 'GET .well-known/openid-configuration'],
    bureau: [...health, ...metadata, 'GET .well-known/ssf-configuration'],
    citizen: [
      ...health,
      ...metadata,
      'GET egov-mobile/:secret',
      'GET egov-mobile/documents/:applicationId',
      'PUT egov-mobile/documents/:applicationId',
    ],
    lender: [...health, ...metadata],
    log: [
      ...health,
      'GET .well-known/jwks.json',
      'GET checkpoint',
      'GET closed/:number/checkpoint',
      'GET closed/:number/tile/*',
      'GET closed/:number/vkeys',
      'GET figures',
      'GET figures.json',
      'GET openings/:index',
      'GET problems',
      'GET problems/:code',
      'GET proof',
      'GET tile/*',
      'GET vkeys',
    ],
  };

  it('stands in this table, and every other names a scope', () => {
    const strangers = routes.filter(({ access }) => access === 'public').map(({ name }) => name);
    const listed = Object.entries(open).flatMap(([app, names]) => names.map((name) => `${app} ${name}`));
    expect(strangers.toSorted()).toEqual(listed.toSorted());
    const unmarked = routes.filter(({ access }) => access === undefined).map(({ name }) => name);
    expect(unmarked).toEqual([]);
  });

  it('reads a body only of a phone that shows its token, and that is counted by its address first', () => {
    const reading = routes.filter(({ access, body }) => access === 'public' && body !== undefined);
    expect(reading).toEqual([
      expect.objectContaining({
        name: 'citizen PUT egov-mobile/documents/:applicationId',
        body: { bytes: 128 * kibibyte },
        ...{ needsPhoneToken: true, limitedBy: 'address' },
      }),
    ]);
  });
});

it('a body is as large as this table says', () => {
  const bounds = routes.flatMap(({ name, body }) =>
    body === undefined ? [] : [[name, body.bytes / kibibyte]],
  );
  expect(Object.fromEntries(bounds)).toEqual({
    'bureau POST v1/corrections': 16,
    'bureau POST v1/digests': 16,
    'bureau POST v1/digests/:bucket': 6 * kibibyte,
    'bureau POST v1/loans': 2 * kibibyte,
    'bureau POST v1/stamps': kibibyte,
    'bureau POST v1/streams/:streamId/poll': kibibyte,
    'bureau POST v1/streams/:streamId/position': 16,
    'bureau POST v1/streams/:streamId/verification': 16,
    'citizen POST v1/applications': 16,
    'citizen PUT v1/applications/:applicationId/signature': 96,
    'citizen POST v1/lift-cancellations': 16,
    'citizen POST v1/refusal-status': 16,
    'citizen POST v1/trail': 16,
    'citizen PUT egov-mobile/documents/:applicationId': 128,
    'lender POST v1/check-batches': 4 * kibibyte,
    'lender POST v1/checks': 8,
    'lender POST v1/loans': 16,
  });
  const bodiless = routes.filter(({ method, body }) => (method === 'GET') !== (body === undefined));
  expect(bodiless).toEqual([]);
});

function controllersOf(root: DynamicModule): readonly Type[] {
  const below = (root.imports ?? []).filter((each) => typeof each === 'object' && 'module' in each);
  return [...(root.controllers ?? []), ...below.flatMap((each) => controllersOf(each as DynamicModule))];
}

function routesOf(app: string, controller: Type): readonly Route[] {
  const base = Reflect.getMetadata('path', controller) as string;
  return Object.values(Object.getOwnPropertyDescriptors(controller.prototype as object)).flatMap(
    ({ value }) => {
      const handler = value as object;
      const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
      if (method === undefined) return [];
      const told = Reflect.getMetadata(RouteConfig({}).KEY, handler) as FastifyContextConfig | undefined;
      return [Reflect.getMetadata('path', handler) as string | string[]].flat().map((path) => {
        const parts = [base, path].filter((part) => part !== '/' && part !== '');
        return {
          ...told,
          method: RequestMethod[method],
          name: `${app} ${RequestMethod[method]} ${parts.join('/')}`,
        };
      });
    },
  );
}

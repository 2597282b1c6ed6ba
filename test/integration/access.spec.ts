/**
 * The authorization server over its tables, and an app that trusts it, on real listeners: who gets a token, what it is
 * bound to, and that it is worth nothing in other hands.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { decodeJwt, decodeProtectedHeader, exportJWK, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { Agent, fetch, type Response } from 'undici';
import type { PartyDirectory } from '#libs/platform/access/caller.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { PartyAccessModule, PARTY_DIRECTORY } from '#libs/platform/access/access.module.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { machineClock } from '#libs/platform/clock.js';
import { checkConfig } from '#libs/platform/config.js';
import { createApp, listenTls } from '#libs/platform/http.js';
import { allParties } from '#libs/party/parties.store.js';
import type { Party } from '#libs/party/party.js';
import { AccessModule } from '../../apps/access/access.module.js';
import { PayloadExpiry } from '../../apps/access/tokens/payload-expiry.worker.js';
import { PartyClient } from '../../apps/tool/token/party.client.js';
import type { SandboxHome, SandboxParty } from '../../apps/tool/token/sandbox-home.js';
import { selfSigned, type ClientCertificate } from '../support/certificates.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { accessToken, dpopProof, newKeyPair, type KeyPair } from '../support/machine-client.js';

const now = Date.now();
const nowS = (): number => Math.floor(Date.now() / 1000);
const dir = mkdtempSync(join(tmpdir(), 'tyiym-access-'));
const at = (file: string): string => join(dir, file);
const signing = [await newKeyPair(), await newKeyPair()];
const alpha = await newKeyPair();
const alphaNext = await newKeyPair('PS256');
const alphaRetired = await newKeyPair();
const alphaFuture = await newKeyPair();
const proofKey = await newKeyPair();
const stranger = await newKeyPair();

let database: TestDatabase;
let access: NestFastifyApplication;
let resource: NestFastifyApplication;
const tlsServers: Server[] = [];
let issuer: string;
let issuerTls: string;
let app: string;
let appTls: string;
let ours: ClientCertificate;
let theirs: ClientCertificate;
let server: ClientCertificate;
const parties = new Map<string, Party>();

@Controller()
class Routes {
  @Get('checks')
  @RequireScope('checks')
  checks(@Req() { party }: CallerRequest): object {
    return { clientId: party.clientId, scopes: [...party.scopes] };
  }
}

const directory: PartyDirectory = {
  partyOf: (clientId) => parties.get(clientId),
  registryNow: machineClock,
  onRulesChanged: () => undefined,
};

@Module({ providers: [{ provide: PARTY_DIRECTORY, useValue: directory }], exports: [PARTY_DIRECTORY] })
class DirectoryModule {}

const ourTls = { host: '127.0.0.1', certFile: at('server.pem'), keyFile: at('server.key') };

beforeAll(async () => {
  [ours, theirs, server] = await Promise.all([
    selfSigned('bank-alpha', now),
    selfSigned('bank-beta', now),
    selfSigned('server', now),
  ]);
  writeFileSync(at('server.pem'), server.certPem);
  writeFileSync(at('server.key'), server.keyPem);
  writeFileSync(at('party.pem'), ours.certPem);
  writeFileSync(at('party.key'), ours.keyPem, { mode: 0o600 });
  const keys = signing.map(({ privateJwk, kid }) => ({ ...privateJwk, kid }));
  writeFileSync(at('access.jwks.json'), JSON.stringify({ keys }), { mode: 0o600 });
  database = await testDatabase();
  const [issuerPort, issuerTlsPort, appPort, appTlsPort] = await Promise.all(
    [1, 2, 3, 4].map(() => freePort()),
  );
  issuer = `http://127.0.0.1:${String(issuerPort)}`;
  issuerTls = `https://127.0.0.1:${String(issuerTlsPort)}`;
  app = `http://127.0.0.1:${String(appPort)}`;
  appTls = `https://127.0.0.1:${String(appTlsPort)}`;
  await admitParties();
  access = await startAccess(Number(issuerPort), Number(issuerTlsPort));
  resource = await startResource(Number(appPort), Number(appTlsPort));
});

afterAll(async () => {
  for (const tlsServer of tlsServers) {
    tlsServer.close();
    tlsServer.closeAllConnections();
  }
  await Promise.all([access.close(), resource.close()]);
  await database.drop();
  rmSync(dir, { recursive: true });
});

async function startAccess(port: number, tlsPort: number): Promise<NestFastifyApplication> {
  const { host, port: databasePort, name, user } = database.target('tyiym_access');
  const config = checkConfig(
    {
      app: 'access',
      sandbox: true,
      origin: 'sandbox.tyiym.kz/journal/1',
      database: { host, port: databasePort, name, user, passwordFile: database.passwordFile('tyiym_access') },
      keysDir: dir,
      publicBase: issuer,
      listen: { host: '127.0.0.1', port },
      listenTls: { ...ourTls, port: tlsPort, publicBase: issuerTls },
      issuer,
      logBase: 'http://127.0.0.1:1',
    },
    'access',
  );
  const logger = pino({ level: 'silent' });
  const started = await createApp(AccessModule.register(config, logger), config, logger);
  await started.listen(port, '127.0.0.1');
  tlsServers.push(await listenTls({ ...ourTls, port: tlsPort, publicBase: issuerTls }, fastifyOf(started)));
  return started;
}

async function startResource(port: number, tlsPort: number): Promise<NestFastifyApplication> {
  const settings = {
    issuer,
    scopes: ['checks'],
    listeners: {
      plain: { publicBase: app, behindProxy: false },
      tls: { publicBase: appTls, behindProxy: false },
    },
    imports: [DirectoryModule],
  };
  @Module({ imports: [PartyAccessModule.register(settings)], controllers: [Routes] })
  class ResourceModule {}
  const started = await createApp(
    ResourceModule,
    { app: 'lender', logBase: 'http://127.0.0.1:1' },
    pino({ level: 'silent' }),
  );
  await started.listen(port, '127.0.0.1');
  tlsServers.push(await listenTls({ ...ourTls, port: tlsPort, publicBase: appTls }, fastifyOf(started)));
  return started;
}

function fastifyOf(started: NestFastifyApplication): FastifyInstance {
  return started.getHttpAdapter().getInstance() as unknown as FastifyInstance;
}

/** The rows that admissions write. */
async function admitParties(): Promise<void> {
  await admit('bank-alpha', 'bank', ['checks', 'loans', 'feed'], app);
  await admit('bank-beta', 'bank', ['checks'], app);
  await admit('bank-gone', 'bank', ['checks'], app, 'suspended');
  await addKey('bank-alpha', alpha);
  await addKey('bank-alpha', alphaNext);
  await addKey('bank-alpha', alphaRetired, { retiredAt: new Date(now - 1000) });
  await addKey('bank-alpha', alphaFuture, { notBefore: new Date(now + 3_600_000) });
  const certified = await exportJWK(ours.keys.publicKey);
  await addKey('bank-alpha', { ...alpha, publicJwk: certified, kid: 'certified' }, { cert: ours.sha256 });
  await addKey('bank-beta', stranger, { cert: theirs.sha256 });
  await addKey('bank-gone', { ...alpha, kid: 'gone' });
  const dataSource = await new DataSource({
    type: 'postgres',
    ...urlOf(database),
  }).initialize();
  for (const party of await allParties(dataSource.manager)) parties.set(party.clientId, party);
  await dataSource.destroy();
}

function urlOf(of: TestDatabase): object {
  const { host, port, name, user, password } = of.target('tyiym_access');
  return { host, port, database: name, username: user, password };
}

async function admit(
  id: string,
  kind: string,
  scopes: string[],
  audience: string,
  state = 'admitted',
): Promise<void> {
  await database.superuser.query(
    `INSERT INTO parties (client_id, kind, bin, name_kk, name_ru, name_en, scopes, resource, state, admitted_at, entry_index)
     VALUES ($1, $2, '000000000000', $1, $1, $1, $3, $4, $5, now(), 0)`,
    [id, kind, scopes, audience, state],
  );
}

interface KeyTimes {
  readonly cert?: string;
  readonly notBefore?: Date;
  readonly retiredAt?: Date;
}

async function addKey(
  id: string,
  key: KeyPair,
  { cert, notBefore, retiredAt }: KeyTimes = {},
): Promise<void> {
  await database.superuser.query(
    `INSERT INTO party_keys (client_id, kid, use, jwk, cert_sha256, not_before, retired_at, entry_index)
     VALUES ($1, $2, 'sig', $3, $4, $5, $6, 0)`,
    [id, key.kid, key.publicJwk, cert ?? null, notBefore ?? new Date(now - 60_000), retiredAt ?? null],
  );
}

interface Ask {
  readonly by?: KeyPair;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** A ready assertion instead of one made from the three above. */
  readonly assertion?: string;
  /** Members to replace or, when empty, to leave out. */
  readonly form?: Readonly<Record<string, string>>;
  /** No proof at all. */
  readonly withoutProof?: boolean;
  readonly proof?: Readonly<Record<string, unknown>>;
  /** Over the mutual-TLS listener with this certificate, or with none. */
  readonly over?: ClientCertificate | 'no certificate';
}

interface TokenAnswer {
  readonly status: number;
  readonly body: { readonly access_token?: string; readonly token_type?: string; readonly error?: string };
  readonly headers: Response['headers'];
}

async function assertionOf({ by = alpha, claims = {}, header = {} }: Ask): Promise<string> {
  const own = {
    iss: 'bank-alpha',
    sub: 'bank-alpha',
    aud: issuer,
    jti: randomUUID(),
    iat: nowS(),
    exp: nowS() + 60,
  };
  const members = Object.entries({ ...own, ...claims }).filter(([, value]) => value !== undefined);
  return await new SignJWT(Object.fromEntries(members))
    .setProtectedHeader({ alg: by.alg, kid: by.kid, ...header })
    .sign(by.privateKey);
}

/** The base address to call and how to reach it. */
function wayTo(plain: string, tls: string, over: Ask['over']): { base: string; dispatcher?: Agent } {
  if (over === undefined) return { base: plain };
  const own = over === 'no certificate' ? {} : { key: over.keyPem, cert: over.certPem };
  return { base: tls, dispatcher: new Agent({ connect: { ca: server.certPem, ...own } }) };
}

/** One token request as a client sends it; a proof gets the nonce the server asks for. */
async function askToken(ask: Ask): Promise<TokenAnswer> {
  const { base, dispatcher } = wayTo(issuer, issuerTls, ask.over);
  const url = `${base}/token`;
  let nonce: string | undefined;
  for (;;) {
    const proof = await dpopProof(proofKey, { method: 'POST', url, nonce }, Date.now(), {
      claims: ask.proof ?? {},
    });
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: ask.assertion ?? (await assertionOf(ask)),
      resource: app,
      scope: 'checks',
      ...ask.form,
    };
    const sent = Object.entries(form).filter(([, value]) => value !== '');
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(sent).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(ask.withoutProof === true ? {} : { dpop: proof }),
      },
      ...(dispatcher && { dispatcher }),
    });
    const body = (await response.json()) as TokenAnswer['body'];
    if (body.error !== 'use_dpop_nonce' || nonce !== undefined || ask.assertion !== undefined)
      return { status: response.status, body, headers: response.headers };
    nonce = response.headers.get('dpop-nonce') ?? undefined;
  }
}

const claimsOf = ({ body }: TokenAnswer): JWTPayload => decodeJwt(body.access_token ?? '');

describe('a token', () => {
  it('for a proof says who, for what and where, for 300 s, bound to the key of the proof', async () => {
    const answer = await askToken({});
    expect(answer.status).toBe(200);
    expect(answer.body.token_type).toBe('DPoP');
    const claims = claimsOf(answer);
    expect(claims).toMatchObject({
      iss: issuer,
      aud: app,
      client_id: 'bank-alpha',
      sub: 'bank-alpha',
      scope: 'checks',
      cnf: { jkt: proofKey.kid },
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
    expect(decodeProtectedHeader(answer.body.access_token ?? '')).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: signing[0]?.kid,
    });
  });

  it('for a pinned certificate is bound to it', async () => {
    const answer = await askToken({ over: ours, withoutProof: true });
    expect([answer.status, answer.body.token_type]).toEqual([200, 'Bearer']);
    expect(claimsOf(answer)['cnf']).toEqual({ 'x5t#S256': ours.sha256 });
  });

  it.each<[string, Ask, JWTPayload]>([
    ['by the overlapping key, PS256', { by: alphaNext }, {}],
    ['for a proof over the mutual-TLS listener, without a certificate', { over: 'no certificate' }, {}],
    ['for all scopes that count when none is named', { form: { scope: '' } }, { scope: 'checks loans' }],
    ['for the one resource when none is named', { form: { resource: '' } }, { aud: undefined }],
  ])('%s is given', async (_name, ask, expected) => {
    const answer = await askToken(ask);
    expect([answer.status, answer.body.error]).toEqual([200, undefined]);
    const { aud, ...members } = expected;
    expect(claimsOf(answer)).toMatchObject({ cnf: { jkt: proofKey.kid }, aud: aud ?? app, ...members });
  });

  it.each<[string, number, string, Ask]>([
    [
      "by a stranger's key under our kid",
      401,
      'invalid_client',
      { by: stranger, header: { kid: alpha.kid } },
    ],
    ['by the key of another party', 401, 'invalid_client', { by: stranger }],
    ['by a retired key', 401, 'invalid_client', { by: alphaRetired }],
    ['by a key that does not count yet', 401, 'invalid_client', { by: alphaFuture }],
    ['of nobody', 401, 'invalid_client', { claims: { iss: 'nobody', sub: 'nobody' } }],
    ['of another issuer than subject', 401, 'invalid_client', { claims: { iss: 'bank-beta' } }],
    ['for another server', 401, 'invalid_client', { claims: { aud: 'http://other.test' } }],
    ['that has expired', 401, 'invalid_client', { claims: { exp: 1000 } }],
    ['that never expires', 401, 'invalid_client', { claims: { exp: undefined } }],
    ['that lives for a day', 401, 'invalid_client', { claims: { exp: 9_999_999_999 } }],
    ['without jti', 401, 'invalid_client', { claims: { jti: undefined } }],
    ['of a suspended party', 401, 'invalid_client', { claims: { iss: 'bank-gone', sub: 'bank-gone' } }],
    ['without a proof on the plain listener', 400, 'invalid_grant', { withoutProof: true }],
    [
      'with neither proof nor certificate',
      400,
      'invalid_grant',
      { withoutProof: true, over: 'no certificate' },
    ],
    [
      'with a proof for another URL',
      400,
      'invalid_dpop_proof',
      { proof: { htu: 'http://other.test/token' } },
    ],
    ['with a proof for GET', 400, 'invalid_dpop_proof', { proof: { htm: 'GET' } }],
    ['for a scope it does not have', 400, 'invalid_scope', { form: { scope: 'stamps' } }],
    ['for a scope of another kind of party', 400, 'invalid_scope', { form: { scope: 'checks feed' } }],
    ['for a scope that does not exist', 400, 'invalid_scope', { form: { scope: 'everything' } }],
    ['for another resource', 400, 'invalid_target', { form: { resource: 'http://other.test' } }],
    ['by another grant', 400, 'unsupported_grant_type', { form: { grant_type: 'authorization_code' } }],
    ['by a password', 400, 'unsupported_grant_type', { form: { grant_type: 'password' } }],
  ])('%s is not given (%i %s)', async (_name, status, error, ask) => {
    const answer = await askToken(ask);
    expect([answer.status, answer.body.error, answer.body.access_token]).toEqual([status, error, undefined]);
  });

  it.each<[string, () => string | string[]]>([
    ['the token endpoint', () => `${issuer}/token`],
    ['two servers', () => [issuer, 'http://other.test']],
    ['the server with a final slash', () => `${issuer}/`],
  ])('for an assertion to %s is not given', async (_name, aud) => {
    expect((await askToken({ claims: { aud: aud() } })).body.error).toBe('invalid_client');
  });

  it('for an assertion without a signature, or under a shared secret, is not given', async () => {
    const claims = { iss: 'bank-alpha', sub: 'bank-alpha', aud: issuer, jti: randomUUID(), exp: nowS() + 60 };
    const secret = new TextEncoder().encode(JSON.stringify(alpha.publicJwk));
    const assertions = [
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: alpha.kid }).sign(secret),
    ];
    for (const assertion of assertions)
      expect((await askToken({ assertion })).body.error).toBe('invalid_client');
  });

  it('over a certificate that is not pinned is not given, nor over one that another party has pinned', async () => {
    for (const over of [theirs, await selfSigned('bank-alpha', now)]) {
      const answer = await askToken({ over, withoutProof: true });
      expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
    }
  });

  it('is given once for an assertion, though it is sent ten times at once', async () => {
    const assertion = await assertionOf({});
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => askToken({ assertion, over: ours, withoutProof: true })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(9).fill(401),
    ]);
  });

  it('is refused from the moment the party is suspended', async () => {
    const suspend = (state: string): Promise<unknown> =>
      database.superuser.query(`UPDATE parties SET state = $1 WHERE client_id = 'bank-alpha'`, [state]);
    await suspend('suspended');
    expect((await askToken({})).body.error).toBe('invalid_client');
    await suspend('admitted');
    expect((await askToken({})).status).toBe(200);
  });
});

describe('what is published', () => {
  it('are all signing keys, newest first, without their private halves', async () => {
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: Record<string, unknown>[] };
    expect(keys.map(({ kid }) => kid)).toEqual(signing.map(({ kid }) => kid));
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain('d');
  });

  it.each(['oauth-authorization-server', 'openid-configuration'])(
    'is %s with the mutual-TLS address',
    async (page) => {
      const metadata = await (await fetch(`${issuer}/.well-known/${page}`)).json();
      expect(metadata).toMatchObject({
        issuer,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        mtls_endpoint_aliases: { token_endpoint: `${issuerTls}/token` },
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
      });
    },
  );

  it.each(['/auth', '/me', '/reg', '/session/end', '/interaction/x', '/token/introspection'])(
    'is no sign-in: %s is not there',
    async (path) => {
      expect((await fetch(`${issuer}${path}`)).status).toBe(404);
    },
  );

  it('carries a Request-Id on every answer', async () => {
    const response = await fetch(`${issuer}/jwks`);
    expect(response.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('an app that trusts the server', () => {
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

  async function callApp(over: Ask['over'], headers: Record<string, string>): Promise<Response> {
    const { base, dispatcher } = wayTo(app, appTls, over);
    return await fetch(`${base}/checks`, { headers, ...(dispatcher && { dispatcher }) });
  }

  it('lets the holder of the certificate in, again and again on one connection', async () => {
    const token = (await askToken({ over: ours, withoutProof: true })).body.access_token ?? '';
    const { dispatcher } = wayTo(app, appTls, ours);
    for (let times = 0; times < 3; times += 1) {
      const response = await fetch(`${appTls}/checks`, {
        headers: bearer(token),
        ...(dispatcher && { dispatcher }),
      });
      expect([response.status, await response.json()]).toEqual([
        200,
        { clientId: 'bank-alpha', scopes: ['checks'] },
      ]);
    }
  });

  it.each<[string, () => Ask['over']]>([
    ['with another certificate', () => theirs],
    ['without a certificate', () => 'no certificate'],
    ['over plain HTTP', () => undefined],
  ])('refuses a token stolen and sent %s', async (_name, over) => {
    const token = (await askToken({ over: ours, withoutProof: true })).body.access_token ?? '';
    const response = await callApp(over(), bearer(token));
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'not-authenticated' }),
    ]);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('refuses a DPoP token sent as a bearer token', async () => {
    const token = (await askToken({})).body.access_token ?? '';
    expect((await callApp(undefined, bearer(token))).status).toBe(401);
  });

  it('refuses a token somebody else signed', async () => {
    const claims = { iss: issuer, aud: app, client_id: 'bank-alpha', cnf: { 'x5t#S256': theirs.sha256 } };
    const forged = await accessToken(stranger, Date.now(), { claims, header: { kid: signing[0]?.kid } });
    expect((await callApp(theirs, bearer(forged))).status).toBe(401);
  });

  it('lets the client of the tool in, with proofs and with its certificate', async () => {
    const home = {
      issuer,
      urls: { accessTls: issuerTls },
      tlsCaFile: at('server.pem'),
      parties: [],
      citizens: [],
    };
    const party: SandboxParty = {
      name: 'bank-alpha',
      clientId: 'bank-alpha',
      scopes: ['checks', 'loans'],
      resource: app,
      kid: 'certified',
      keyFile: at('party.key'),
      certFile: at('party.pem'),
    };
    const client = await PartyClient.of(home satisfies SandboxHome, party, machineClock);
    for (const base of [app, appTls]) {
      const response = await client.call('GET', `${base}/checks?a=b`);
      expect([response.status, await response.json()]).toEqual([
        200,
        { clientId: 'bank-alpha', scopes: ['checks', 'loans'] },
      ]);
    }
    expect((await callApp(ours, bearer(await client.certificateToken()))).status).toBe(200);
  });

  it('counts a proof once', async () => {
    const token = (await askToken({})).body.access_token ?? '';
    const nonce = (await fetch(`${app}/nowhere`)).headers.get('dpop-nonce') ?? '';
    const of = { method: 'GET', url: `${app}/checks`, accessToken: token, nonce };
    const dpop = await dpopProof(proofKey, of, Date.now());
    const headers = { authorization: `DPoP ${token}`, dpop };
    expect((await callApp(undefined, headers)).status).toBe(200);
    expect((await callApp(undefined, headers)).status).toBe(401);
  });
});

describe('what the server remembers', () => {
  it('is removed when it has expired, and nothing before', async () => {
    await askToken({});
    const count = async (): Promise<number> =>
      Number((await database.superuser.query('SELECT count(*) FROM oidc_payloads')).rows[0].count);
    const before = await count();
    await database.superuser.query(
      `INSERT INTO oidc_payloads SELECT 'ReplayDetection', 'old' || n, '{}', now() - interval '1 second'
       FROM generate_series(1, 2500) AS n`,
    );
    expect(await access.get(PayloadExpiry).removeAll()).toBe(2500);
    expect(await count()).toBe(before);
  });
});

it('a database that is away is a 503 with Retry-After, and nobody gets a token', async () => {
  await database.superuser.query('ALTER TABLE parties RENAME TO parties_away');
  const answer = await askToken({});
  await database.superuser.query('ALTER TABLE parties_away RENAME TO parties');
  expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).toEqual([
    503,
    'temporarily_unavailable',
    '1',
  ]);
});

/** The authorization server over its tables: who gets a token, for what, and what it is bound to. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { fetch } from 'undici';
import { PayloadExpiry } from '../../apps/access/tokens/payload-expiry.worker.js';
import { addRawAct } from '../support/raw-act.js';
import { AccessScene, keys, type Ask, type TokenAnswer } from '../support/access-scene.js';
import { selfSigned, type ClientCertificate } from '../support/certificates.js';

let scene: AccessScene;
let issuer: string;
let issuerTls: string;
let app: string;
let ours: ClientCertificate;
let theirs: ClientCertificate;

beforeAll(async () => {
  scene = await AccessScene.start();
  ({ base: issuer, tlsBase: issuerTls } = scene.places.access);
  app = scene.places.app.base;
  ({ ours, theirs } = scene.certificates);
});
afterAll(() => scene.stop());

const nowS = (): number => Math.floor(Date.now() / 1000);
const claimsOf = ({ body }: TokenAnswer): JWTPayload => decodeJwt(body.access_token ?? '');

describe('a token', () => {
  it('for a proof says who, for what and where, for 300 s, bound to the key of the proof', async () => {
    const answer = await scene.ask({});
    expect(answer.status).toBe(200);
    expect(answer.body.token_type).toBe('DPoP');
    const claims = claimsOf(answer);
    expect(claims).toMatchObject({
      iss: issuer,
      aud: app,
      client_id: 'bank-alpha',
      sub: 'bank-alpha',
      scope: 'checks',
      cnf: { jkt: keys.proof.kid },
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
    expect(decodeProtectedHeader(answer.body.access_token ?? '')).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: keys.issuer[0]?.kid,
    });
  });

  it('for a pinned certificate is bound to it', async () => {
    const answer = await scene.ask({ over: ours, withoutProof: true });
    expect([answer.status, answer.body.token_type]).toEqual([200, 'Bearer']);
    expect(claimsOf(answer)['cnf']).toEqual({ 'x5t#S256': ours.sha256 });
  });

  it.each<[string, Ask, JWTPayload]>([
    ['by the overlapping key, PS256', { by: keys.alphaNext }, {}],
    ['for a proof over the mutual-TLS listener, without a certificate', { over: 'no certificate' }, {}],
    ['for all scopes that count when none is named', { form: { scope: '' } }, { scope: 'checks loans' }],
    ['for an assertion without iat', { claims: { iat: undefined } }, {}],
  ])('%s is given', async (_name, ask, expected) => {
    const answer = await scene.ask(ask);
    expect([answer.status, answer.body.error]).toEqual([200, undefined]);
    const { aud, ...members } = expected;
    expect(claimsOf(answer)).toMatchObject({ cnf: { jkt: keys.proof.kid }, aud: aud ?? app, ...members });
  });

  it.each<[string, number, string, Ask]>([
    [
      "by a stranger's key under our kid",
      401,
      'invalid_client',
      { by: keys.stranger, header: { kid: keys.alpha.kid } },
    ],
    ['by the key of another party', 401, 'invalid_client', { by: keys.stranger }],
    ['by a retired key', 401, 'invalid_client', { by: keys.alphaRetired }],
    ['by a key that does not count yet', 401, 'invalid_client', { by: keys.alphaFuture }],
    ['of nobody', 401, 'invalid_client', { claims: { iss: 'nobody', sub: 'nobody' } }],
    ['of a name PostgreSQL cannot hold', 401, 'invalid_client', { claims: { iss: 'bank\0', sub: 'bank\0' } }],
    ['of another issuer than subject', 401, 'invalid_client', { claims: { iss: 'bank-beta' } }],
    ['for another server', 401, 'invalid_client', { claims: { aud: 'http://other.test' } }],
    ['that has expired', 401, 'invalid_client', { claims: { exp: 1000 } }],
    ['that never expires', 401, 'invalid_client', { claims: { exp: undefined } }],
    ['that lives for a day', 401, 'invalid_client', { claims: { exp: 9_999_999_999 } }],
    ['that was issued at a text', 401, 'invalid_client', { claims: { iat: 'now' } }],
    ['with a proof of no time', 400, 'invalid_dpop_proof', { proof: { iat: undefined } }],
    ['without jti', 401, 'invalid_client', { claims: { jti: undefined } }],
    ['with an empty jti', 401, 'invalid_client', { claims: { jti: '' } }],
    ['with a jti that is a number', 401, 'invalid_client', { claims: { jti: 7 } }],
    ['with a jti of 300 letters', 401, 'invalid_client', { claims: { jti: 'x'.repeat(300) } }],
    ['to nobody', 401, 'invalid_client', { claims: { aud: undefined } }],
    [
      'of a suspended party',
      401,
      'invalid_client',
      { by: keys.gone, claims: { iss: 'bank-gone', sub: 'bank-gone' } },
    ],
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
    ['for no resource', 400, 'invalid_target', { form: { resource: '' } }],
    ['for another resource', 400, 'invalid_target', { form: { resource: 'http://other.test' } }],
    ['by another grant', 400, 'unsupported_grant_type', { form: { grant_type: 'authorization_code' } }],
    ['by a password', 400, 'unsupported_grant_type', { form: { grant_type: 'password' } }],
  ])('%s is not given (%i %s)', async (_name, status, error, ask) => {
    const answer = await scene.ask(ask);
    expect([answer.status, answer.body.error, answer.body.access_token]).toEqual([status, error, undefined]);
  });

  // FAPI 2.0 §5.3.2.1: up to ten seconds ahead is taken, beyond sixty refused.
  it.each<[string, string | undefined, () => Ask]>([
    [
      'is given by a clock that is ahead',
      undefined,
      () => ({ claims: { iat: nowS() + 10, nbf: nowS() + 10 } }),
    ],
    ['is given for a proof of ten seconds ahead', undefined, () => ({ proof: { iat: nowS() + 10 } })],
    ['is given for an assertion of five minutes', undefined, () => ({ claims: { exp: nowS() + 300 } })],
    ['is not for an assertion of six', 'invalid_client', () => ({ claims: { exp: nowS() + 360 } })],
    ['is not for an end as a text', 'invalid_client', () => ({ claims: { exp: String(nowS() + 60) } })],
    ['is not by a clock a minute ahead', 'invalid_client', () => ({ claims: { iat: nowS() + 61 } })],
    ['is not when it counts in a minute', 'invalid_client', () => ({ claims: { nbf: nowS() + 61 } })],
    ['is not for a proof a minute ahead', 'invalid_dpop_proof', () => ({ proof: { iat: nowS() + 61 } })],
    ['is not for a proof of a minute ago', 'invalid_dpop_proof', () => ({ proof: { iat: nowS() - 61 } })],
    ['is not for the app with a slash', 'invalid_target', () => ({ form: { resource: `${app}/` } })],
  ])('%s (%s)', async (_name, error, ask) => {
    const { body } = await scene.ask(ask());
    expect([body.error, typeof body.access_token]).toEqual([
      error,
      error === undefined ? 'string' : 'undefined',
    ]);
  });

  it.each([
    ...['grant_type', 'client_assertion_type', 'client_assertion', 'client_id'],
    // Twice it read as none, which is all scopes that the party has.
    'scope',
    'resource',
  ])('is not given when %s comes twice', async (name) => {
    const answer = await scene.ask({ twice: name, form: { client_id: 'bank-alpha' } });
    expect([answer.status, answer.body.error, answer.body.access_token]).toEqual([
      400,
      'invalid_request',
      undefined,
    ]);
  });

  it.each([
    ['application/x-www-form-urlencoded; charset=UTF-8', 200],
    ['Application/X-WWW-Form-Urlencoded', 200],
    ['application/x-www-form-urlencoded; charset=utf-16', 415],
    ['application/x-www-form-urlencoded; charset=windows-1251', 415],
    ['application/json', 415],
    ['multipart/form-data; boundary=a', 415],
    ['', 415],
  ])('is asked for as %j: %i', async (type, status) => {
    expect((await scene.ask({ headers: { 'content-type': type } })).status).toBe(status);
  });

  it.each([
    ['gzip', 415],
    ['identity', 200],
  ])('is asked for in the coding %s: %i', async (coding, status) => {
    expect((await scene.ask({ headers: { 'content-encoding': coding } })).status).toBe(status);
  });

  it.each<[string, (form: string) => string | Buffer]>([
    ['a mark', (form) => `\ufeff${form}`],
    ['UTF-16', (form) => Buffer.from(form, 'utf16le')],
    ['a zero byte', (form) => form.replace('client_credentials', 'client_credentials%00')],
    ['half an escape', (form) => form.replace('client_credentials', 'client_credentials%')],
    ['names that are no names', (form) => `__proto__=a&${form.replace('grant_type', 'grant_type[]')}`],
  ])('is not given for a form with %s', async (_name, turned) => {
    const answer = await scene.ask({ form: {}, turned });
    expect(answer.status).toBe(400);
    expect(answer.body.access_token).toBeUndefined();
  });

  it('is given at the endpoint however the path is spelled, and there is no other method', async () => {
    const address = `${issuer}/%74oken`;
    expect((await scene.ask({ url: address })).status).toBe(200);
    for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS'])
      expect((await fetch(`${issuer}/token`, { method })).headers.get('allow')).toBe('POST');
  });

  it.each<[string, () => string | string[]]>([
    ['the token endpoint', () => `${issuer}/token`],
    ['a list of the one server', () => [issuer]],
    ['two servers', () => [issuer, 'http://other.test']],
    ['the server with a final slash', () => `${issuer}/`],
  ])('for an assertion to %s is not given', async (_name, aud) => {
    expect((await scene.ask({ claims: { aud: aud() } })).body.error).toBe('invalid_client');
  });

  it('for an assertion without a signature, or under a shared secret, is not given', async () => {
    const claims = { iss: 'bank-alpha', sub: 'bank-alpha', aud: issuer, jti: randomUUID(), exp: nowS() + 60 };
    const secret = new TextEncoder().encode(JSON.stringify(keys.alpha.publicJwk));
    const assertions = [
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: keys.alpha.kid }).sign(secret),
    ];
    for (const assertion of assertions)
      expect((await scene.ask({ assertion })).body.error).toBe('invalid_client');
  });

  it('over a certificate that is not pinned is not given, nor over one that another party has pinned', async () => {
    for (const over of [theirs, await selfSigned('bank-alpha', Date.now())]) {
      const answer = await scene.ask({ over, withoutProof: true });
      expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
    }
  });

  it('is given once for an assertion, though it is sent ten times at once', async () => {
    const assertion = await scene.assertion({});
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => scene.ask({ assertion, over: ours, withoutProof: true })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(9).fill(401),
    ]);
  });

  it('is refused from the moment the party is suspended', async () => {
    await addRawAct(scene.database.superuser, 'party.suspended', { clientId: 'bank-alpha' });
    expect((await scene.ask({})).body.error).toBe('invalid_client');
    await scene.admit('bank-alpha', ['checks', 'loans']);
    expect((await scene.ask({})).status).toBe(200);
  });
});

describe('what is published', () => {
  it('are all signing keys, newest first, without their private halves', async () => {
    const jwks = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: Record<string, unknown>[] };
    expect(jwks.keys.map(({ kid }) => kid)).toEqual(keys.issuer.map(({ kid }) => kid));
    expect(jwks.keys.flatMap((key) => Object.keys(key))).not.toContain('d');
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

describe('what the server remembers', () => {
  it('is removed when it has expired, and nothing before', async () => {
    await scene.ask({});
    const count = async (): Promise<number> =>
      Number((await scene.database.superuser.query('SELECT count(*) FROM oidc_payloads')).rows[0].count);
    const before = await count();
    await scene.database.superuser.query(
      `INSERT INTO oidc_payloads SELECT 'ReplayDetection', 'old' || n, '{}', now() - interval '1 second'
       FROM generate_series(1, 2500) AS n`,
    );
    expect(await scene.access.get(PayloadExpiry).removeAll()).toBe(2500);
    expect(await count()).toBe(before);
  });
});

it('a database that is away is a 503 with Retry-After, and nobody gets a token', async () => {
  await scene.database.superuser.query('ALTER VIEW registry_openings RENAME TO openings_away');
  const answer = await scene.ask({});
  await scene.database.superuser.query('ALTER VIEW openings_away RENAME TO registry_openings');
  expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).toEqual([
    503,
    'temporarily_unavailable',
    '1',
  ]);
});

it('a network that asks for too many tokens waits, whomever it names, and is told for how long', async () => {
  const { superuser } = scene.database;
  expect((await scene.ask({})).headers.get('ratelimit-policy')).toBe('"address";q=1200;w=60');
  await superuser.query('UPDATE rate_limits SET points = 1200');
  const answer = await scene.ask({});
  await superuser.query('DELETE FROM rate_limits');
  expect([answer.status, answer.body]).toEqual([429, expect.objectContaining({ code: 'too-many-requests' })]);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
});

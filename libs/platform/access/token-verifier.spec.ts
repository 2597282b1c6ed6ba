import { describe, expect, it } from '@jest/globals';
import { base64url, createLocalJWKSet, SignJWT, UnsecuredJWT } from 'jose';
import { accessToken, newKeyPair, type SignedChanges } from '../../../test/support/machine-client.js';
import { Problem } from '#libs/problem/problem.js';
import { AccessRefused } from './refused.js';
import { tokenVerifier } from './token-verifier.js';

const now = Date.UTC(2026, 2, 1, 12);
const nowS = now / 1000;
const issuer = 'http://access.test';
const audience = 'http://lender.test';
const key = await newKeyPair();
const stranger = await newKeyPair();
const keys = createLocalJWKSet({ keys: [{ ...key.publicJwk, kid: key.kid, alg: 'ES256', use: 'sig' }] });
const thumbprint = base64url.encode(new Uint8Array(32));
const good = {
  iss: issuer,
  aud: audience,
  client_id: 'bank-alpha',
  scope: 'checks loans',
  cnf: { jkt: thumbprint },
};

const fresh = (): ReturnType<typeof tokenVerifier> => tokenVerifier({ issuer, audience, keys });
const tokenWith = (changes: SignedChanges, by = key): Promise<string> =>
  accessToken(by, now, { ...changes, claims: { ...good, ...changes.claims } });

describe('an access token', () => {
  const forged = new TextEncoder().encode('a secret that is long enough for HMAC');
  const rows: [string, () => Promise<string>][] = [
    ['that is no JWT', () => Promise.resolve('abc')],
    ['of 5 000 characters', () => Promise.resolve('a'.repeat(5000))],
    [
      'without a signature (alg none)',
      () => Promise.resolve(new UnsecuredJWT({ ...good, exp: nowS + 300, iat: nowS }).encode()),
    ],
    [
      'with HS256',
      () =>
        new SignJWT({ ...good, exp: nowS + 300, iat: nowS })
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })
          .sign(forged),
    ],
    ["signed by a stranger's key under our kid", () => tokenWith({ header: { kid: key.kid } }, stranger)],
    ['with a kid nobody published', () => tokenWith({ header: { kid: 'unknown' } })],
    ['of another issuer', () => tokenWith({ claims: { iss: 'http://other.test' } })],
    ['for another app', () => tokenWith({ claims: { aud: 'http://citizen.test' } })],
    ['for our app with a final slash', () => tokenWith({ claims: { aud: `${audience}/` } })],
    ['for two apps', () => tokenWith({ claims: { aud: [audience, 'http://citizen.test'] } })],
    ['without audience', () => tokenWith({ claims: { aud: undefined } })],
    ['of type JWT', () => tokenWith({ header: { typ: 'JWT' } })],
    ['of type dpop+jwt', () => tokenWith({ header: { typ: 'dpop+jwt' } })],
    ['without a type', () => tokenWith({ header: { typ: undefined } })],
    ['that has expired', () => tokenWith({ claims: { iat: nowS - 310, exp: nowS - 10 } })],
    ['without expiry', () => tokenWith({ claims: { exp: undefined } })],
    ['without the time of issue', () => tokenWith({ claims: { iat: undefined } })],
    ['issued in the future', () => tokenWith({ claims: { iat: nowS + 60 } })],
    ['good for longer than 300 s', () => tokenWith({ claims: { exp: nowS + 301 } })],
    ['not yet good', () => tokenWith({ claims: { nbf: nowS + 60 } })],
    ['without client_id', () => tokenWith({ claims: { client_id: undefined } })],
    ['with a number as client_id', () => tokenWith({ claims: { client_id: 7 } })],
    ['with scopes as an array', () => tokenWith({ claims: { scope: ['checks'] } })],
    ['that is a plain bearer token', () => tokenWith({ claims: { cnf: undefined } })],
    ['with an empty confirmation', () => tokenWith({ claims: { cnf: {} } })],
    [
      'with a confirmation we cannot check',
      () => tokenWith({ claims: { cnf: { jkt: thumbprint, kid: 'x' } } }),
    ],
    ['with a malformed thumbprint', () => tokenWith({ claims: { cnf: { 'x5t#S256': 'short' } } })],
  ];

  it.each(rows)('%s is refused', async (_name, make) => {
    const refusal = fresh().verify(await make(), now);
    await expect(refusal).rejects.toBeInstanceOf(AccessRefused);
    await expect(refusal).rejects.toMatchObject({ code: 'not-authenticated', challenge: 'invalid_token' });
  });

  it('of the issuer for this app says client, scopes and binding', async () => {
    const token = await fresh().verify(await tokenWith({}), now);
    expect(token).toEqual({
      clientId: 'bank-alpha',
      scopes: new Set(['checks', 'loans']),
      certSha256: undefined,
      jkt: thumbprint,
      issuedAtS: nowS,
      expiresAtS: nowS + 300,
    });
  });
});

describe('the memory of verified tokens', () => {
  /** A verifier that counts how often the issuer's key was asked for. */
  function counting(cacheSize?: number): { verifier: ReturnType<typeof tokenVerifier>; asked: () => number } {
    let asked = 0;
    const counted: typeof keys = Object.assign(
      (...args: Parameters<typeof keys>) => {
        asked += 1;
        return keys(...args);
      },
      { jwks: keys.jwks },
    );
    const options = { issuer, audience, keys: counted, ...(cacheSize === undefined ? {} : { cacheSize }) };
    return { verifier: tokenVerifier(options), asked: () => asked };
  }

  it('verifies a token once, and again after clear()', async () => {
    const { verifier, asked } = counting();
    const token = await tokenWith({});
    await verifier.verify(token, now);
    await verifier.verify(token, now);
    expect(asked()).toBe(1);
    verifier.clear();
    await verifier.verify(token, now);
    expect(asked()).toBe(2);
  });

  it('does not outlive the token', async () => {
    const { verifier } = counting();
    const token = await tokenWith({});
    await verifier.verify(token, now);
    await expect(verifier.verify(token, now + 300_000)).rejects.toBeInstanceOf(AccessRefused);
  });

  it('is bounded', async () => {
    const { verifier, asked } = counting(1);
    const [first, second] = [await tokenWith({}), await tokenWith({})];
    for (const token of [first, second, first]) await verifier.verify(token, now);
    expect(asked()).toBe(3);
  });

  it('never holds a token that was refused', async () => {
    const { verifier } = counting();
    const token = await tokenWith({ claims: { cnf: undefined } });
    for (let times = 0; times < 2; times += 1)
      await expect(verifier.verify(token, now)).rejects.toBeInstanceOf(AccessRefused);
  });
});

it('keys that cannot be had are our failure and not the caller’s', async () => {
  const verifier = tokenVerifier({
    issuer,
    audience,
    keys: () => Promise.reject(new Problem('registry-unavailable')),
  });
  await expect(verifier.verify(await tokenWith({}), now)).rejects.toMatchObject({
    code: 'registry-unavailable',
  });
});

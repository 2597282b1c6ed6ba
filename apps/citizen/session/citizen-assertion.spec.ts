import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { Party, PartyKey } from '#libs/party/party.js';
import { newKeyPair, type KeyPair } from '../../../test/support/machine-client.js';
import { verifyCitizenAssertion, type CitizenAssertion } from './citizen-assertion.js';

const now = Date.UTC(2026, 2, 1, 12);
const nowS = now / 1000;
const audience = 'http://citizen.test';
const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/iin-vectors.json', import.meta.url), 'utf8'),
) as { valid: { iin: string }[] };
const iin = vectors.valid[0]?.iin;
const current = await newKeyPair();
const next = await newKeyPair('PS256');
const retired = await newKeyPair();
const future = await newKeyPair();
const encryption = await newKeyPair();
const stranger = await newKeyPair();

const keyOf = (pair: KeyPair, changes: Partial<PartyKey> = {}): PartyKey => ({
  kid: pair.kid,
  use: 'sig',
  jwk: { ...pair.publicJwk },
  certSha256: null,
  notBefore: 0,
  expiresAt: null,
  retiredAt: null,
  ...changes,
});

const channel: Party = {
  clientId: 'egov-portal',
  kind: 'channel',
  bin: '000000000000',
  names: { kk: 'P', ru: 'P', en: 'P' },
  scopes: ['citizen'],
  resource: audience,
  state: 'admitted',
  admittedAt: 0,
  keys: [
    keyOf(current),
    keyOf(next),
    keyOf(retired, { retiredAt: now - 1 }),
    keyOf(future, { notBefore: now + 1 }),
    keyOf(encryption, { use: 'enc' }),
  ],
};

const good = {
  iss: channel.clientId,
  aud: audience,
  iin,
  authTime: nowS - 60,
  method: 'sms',
  iat: nowS,
  exp: nowS + 300,
  jti: 'once',
};

interface Changes {
  readonly by?: KeyPair;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

async function assertion({ by = current, header = {}, claims = {} }: Changes): Promise<string> {
  const members = Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined);
  return await new SignJWT(Object.fromEntries(members))
    .setProtectedHeader({ alg: by.alg, typ: 'tyiym-citizen+jwt', kid: by.kid, ...header })
    .sign(by.privateKey);
}

const verify = (text: unknown): Promise<CitizenAssertion> =>
  verifyCitizenAssertion(text, { channel, audience, registryNow: now, now });

describe('a citizen assertion', () => {
  it.each([[undefined], [null], ['']])('that is %p is missing', async (nothing) => {
    await expect(verify(nothing)).rejects.toMatchObject({
      code: 'citizen-assertion-missing',
      errors: [{ pointer: '/citizenAssertion', code: 'citizen-assertion-missing' }],
    });
  });

  it.each<[string, () => unknown]>([
    ['that is no text', () => 7],
    ['that is no JWS', () => 'abc'],
    ['of 5 000 characters', () => 'a'.repeat(5000)],
    ['without a signature (alg none)', () => new UnsecuredJWT(good).encode()],
    [
      'with HS256',
      () =>
        new SignJWT(good)
          .setProtectedHeader({ alg: 'HS256', typ: 'tyiym-citizen+jwt', kid: current.kid })
          .sign(new TextEncoder().encode('a secret that is long enough for HMAC')),
    ],
    ['of type JWT', () => assertion({ header: { typ: 'JWT' } })],
    ['without a type', () => assertion({ header: { typ: undefined } })],
    ["by a stranger's key", () => assertion({ by: stranger })],
    [
      "by a stranger's key under a kid of the channel",
      () => assertion({ by: stranger, header: { kid: current.kid } }),
    ],
    ['by a retired key', () => assertion({ by: retired })],
    ['by a key that does not count yet', () => assertion({ by: future })],
    ['by a key for encryption', () => assertion({ by: encryption })],
    ['of another channel', () => assertion({ claims: { iss: 'egov-mobile' } })],
    ['for another app', () => assertion({ claims: { aud: 'http://lender.test' } })],
    ['for two apps', () => assertion({ claims: { aud: [audience, 'http://lender.test'] } })],
    ['without a person', () => assertion({ claims: { iin: undefined } })],
    ['about a number that is no IIN', () => assertion({ claims: { iin: '123456789012' } })],
    ['about a number and not a text', () => assertion({ claims: { iin: Number(iin) } })],
    ['without the time of sign-in', () => assertion({ claims: { authTime: undefined } })],
    ['with a sign-in in the future', () => assertion({ claims: { authTime: nowS + 31 } })],
    ['with a sign-in of 1970', () => assertion({ claims: { authTime: 1 } })],
    ['with a sign-in before all time', () => assertion({ claims: { authTime: -62_135_596_800 } })],
    ['with a sign-in of 12 hours and a second ago', () => assertion({ claims: { authTime: nowS - 43_201 } })],
    ['with a sign-in in milliseconds', () => assertion({ claims: { authTime: now } })],
    ['with a sign-in as text', () => assertion({ claims: { authTime: String(nowS) } })],
    ['by another method', () => assertion({ claims: { method: 'password' } })],
    ['without a method', () => assertion({ claims: { method: undefined } })],
    ['of 31 seconds ago', () => assertion({ claims: { iat: nowS - 31, exp: nowS + 100 } })],
    ['of 31 seconds ahead', () => assertion({ claims: { iat: nowS + 31 } })],
    ['without the time of issue', () => assertion({ claims: { iat: undefined } })],
    ['that has expired', () => assertion({ claims: { iat: nowS - 20, exp: nowS - 1 } })],
    ['that never expires', () => assertion({ claims: { exp: undefined } })],
    ['good for longer than 300 s', () => assertion({ claims: { exp: nowS + 301 } })],
    ['without jti', () => assertion({ claims: { jti: undefined } })],
    ['with an empty jti', () => assertion({ claims: { jti: '' } })],
    ['with a jti of 257 characters', () => assertion({ claims: { jti: 'j'.repeat(257) } })],
    ['with a number as jti', () => assertion({ claims: { jti: 1 } })],
  ])('%s is refused', async (_name, make) => {
    const refusal = verify(await make());
    await expect(refusal).rejects.toMatchObject({ code: 'citizen-not-present' });
    const error: unknown = await refusal.catch((reason: unknown) => reason);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(iin);
  });

  it.each<[string, Changes]>([
    ['by the current key', {}],
    ['by the key that overlaps it, PS256', { by: next }],
    ['that names no key', { header: { kid: undefined } }],
    ['by the overlapping key, unnamed', { by: next, header: { kid: undefined } }],
    ['of 30 seconds ago', { claims: { iat: nowS - 30, exp: nowS + 270 } }],
    ['with a member we do not know', { claims: { device: 'x' } }],
  ])('%s says who is present', async (_name, changes) => {
    const { citizen } = await verify(await assertion(changes));
    expect(citizen).toEqual({ iin, method: 'sms', authTime: nowS - 60, channel: 'egov-portal' });
  });

  it('of a sign-in 12 hours ago still counts', async () => {
    const { citizen } = await verify(await assertion({ claims: { authTime: nowS - 43_200 } }));
    expect(citizen.authTime).toBe(nowS - 43_200);
  });

  it('never hands on what the channel wrote into jti', async () => {
    const { jtiSha256 } = await verify(await assertion({ claims: { jti: iin } }));
    expect(jtiSha256).toMatch(/^[\w-]{43}$/);
  });
});

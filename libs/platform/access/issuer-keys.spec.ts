import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { errors, type JWSHeaderParameters, type JWTVerifyGetKey } from 'jose';
import { newKeyPair } from '../../../test/support/machine-client.js';
import { issuerKeys } from './issuer-keys.client.js';

const first = await newKeyPair();
const second = await newKeyPair();
const token = { payload: '', signature: '' };
const headerOf = (kid: string): JWSHeaderParameters & { alg: string } => ({ alg: 'ES256', kid });

/** An issuer that can be away and publishes what it is told to. */
const issuer = { isAway: false, keys: [first], fetched: 0 };
let now = 0;
let keyOf: JWTVerifyGetKey;

beforeEach(() => {
  Object.assign(issuer, { isAway: false, keys: [first], fetched: 0 });
  now = 0;
  keyOf = issuerKeys(
    'http://access.test',
    () => now,
    (url) => {
      issuer.fetched += 1;
      expect(url).toBe('http://access.test/jwks');
      if (issuer.isAway) return Promise.reject(new TypeError('fetch failed'));
      const keys = issuer.keys.map((key) => ({ ...key.publicJwk, kid: key.kid, alg: key.alg }));
      return Promise.resolve(Response.json({ keys }));
    },
  );
});

async function isFound(kid: string): Promise<boolean> {
  try {
    await keyOf(headerOf(kid), token);
    return true;
  } catch {
    return false;
  }
}

describe("the issuer's keys", () => {
  it('that were never had make us unavailable, and are had as soon as the issuer is back', async () => {
    issuer.isAway = true;
    await expect(keyOf(headerOf(first.kid), token)).rejects.toMatchObject({ code: 'registry-unavailable' });
    issuer.isAway = false;
    await expect(keyOf(headerOf(first.kid), token)).resolves.toHaveProperty('type', 'public');
  });

  it('once had go on counting while the issuer is away', async () => {
    await keyOf(headerOf(first.kid), token);
    issuer.isAway = true;
    for (now = 0; now < 3_600_000; now += 301_000)
      await expect(keyOf(headerOf(first.kid), token)).resolves.toHaveProperty('type', 'public');
    expect(issuer.fetched).toBeGreaterThan(1);
  });

  it('are read again after five minutes, so a withdrawn key stops counting', async () => {
    await keyOf(headerOf(first.kid), token);
    issuer.keys = [second];
    now = 301_000;
    // The old keys serve until the new ones are there; the test's own time-out is the bound.
    while (await isFound(first.kid)) await setImmediate();
    await expect(keyOf(headerOf(second.kid), token)).resolves.toHaveProperty('type', 'public');
    await expect(keyOf(headerOf(first.kid), token)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });

  it('nobody published are the fault of the token, and asked for once', async () => {
    await keyOf(headerOf(first.kid), token);
    for (const kid of ['invented', 'invented too'])
      await expect(keyOf(headerOf(kid), token)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    expect(issuer.fetched).toBe(1);
  });

  it('cannot be chosen without a kid when there are two', async () => {
    issuer.keys = [first, second];
    await expect(keyOf({ alg: 'ES256' }, token)).rejects.toBeInstanceOf(errors.JWKSMultipleMatchingKeys);
  });
});

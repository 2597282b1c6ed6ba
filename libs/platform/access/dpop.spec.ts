import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import {
  dpopProof,
  newKeyPair,
  type KeyPair,
  type SignedChanges,
} from '../../../test/support/machine-client.js';
import { dpopNonces } from './dpop-nonces.js';
import { proofLifeMs, verifyProof } from './dpop.js';
import { proofKeys } from './proof-keys.js';
import { AccessRefused, type ChallengeError } from './refused.js';
import { replaySet, type ReplaySet } from './replay-set.js';

const now = Date.UTC(2026, 2, 1, 12, 0, 20);
const nowS = now / 1000;
const method = 'POST';
const url = 'http://lender.test/v1/checks';
const accessToken = 'header.payload.signature';
const key = await newKeyPair();
const other = await newKeyPair();
const rsa = await newKeyPair('PS256');
const nonces = dpopNonces(randomBytes(32));
const nonce = nonces.current(now);
// One for all rows, so that a key that was let in once is seen again by the hostile ones.
const keys = proofKeys();
let used: ReplaySet;
beforeEach(() => {
  used = replaySet(proofLifeMs);
});

const proofWith = (changes: SignedChanges = {}, by: KeyPair = key): Promise<string> =>
  dpopProof(by, { method, url, accessToken, nonce }, now, changes);
const verify = (proof: string, jkt = key.kid, nowMs = now): Promise<void> =>
  verifyProof({ proof, method, url, accessToken, jkt }, { nonces, used, keys }, nowMs);

describe('a DPoP proof', () => {
  const secret = new TextEncoder().encode('a secret that is long enough for HMAC');
  const rows: [string, ChallengeError, () => Promise<string>][] = [
    ['that is no JWT', 'invalid_dpop_proof', () => Promise.resolve('abc')],
    ['of 5 000 characters', 'invalid_dpop_proof', () => Promise.resolve('a'.repeat(5000))],
    [
      'with HS256',
      'invalid_dpop_proof',
      () =>
        new SignJWT({ jti: '1', htm: method, htu: url, iat: nowS, ath: 'x', nonce })
          .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct' } })
          .sign(secret),
    ],
    ['of type JWT', 'invalid_dpop_proof', () => proofWith({ header: { typ: 'JWT' } })],
    ['without a key', 'invalid_dpop_proof', () => proofWith({ header: { jwk: undefined } })],
    ['with a private key', 'invalid_dpop_proof', () => proofWith({ header: { jwk: key.privateJwk } })],
    [
      'with another key than it is signed by',
      'invalid_dpop_proof',
      () => proofWith({ header: { jwk: other.publicJwk } }),
    ],
    ["by another key than the token's", 'invalid_dpop_proof', () => proofWith({}, other)],
    ['for another method', 'invalid_dpop_proof', () => proofWith({ claims: { htm: 'GET' } })],
    ['for the method in small letters', 'invalid_dpop_proof', () => proofWith({ claims: { htm: 'post' } })],
    ['for another path', 'invalid_dpop_proof', () => proofWith({ claims: { htu: `${url}/x` } })],
    [
      'for another listener',
      'invalid_dpop_proof',
      () => proofWith({ claims: { htu: 'https://lender.test/v1/checks' } }),
    ],
    ['for no URL', 'invalid_dpop_proof', () => proofWith({ claims: { htu: 'v1/checks' } })],
    ['without htu', 'invalid_dpop_proof', () => proofWith({ claims: { htu: undefined } })],
    ['for another token', 'invalid_dpop_proof', () => proofWith({ claims: { ath: 'A'.repeat(43) } })],
    ['without ath', 'invalid_dpop_proof', () => proofWith({ claims: { ath: undefined } })],
    ['of 31 seconds ago', 'invalid_dpop_proof', () => proofWith({ claims: { iat: nowS - 31 } })],
    ['of 31 seconds ahead', 'invalid_dpop_proof', () => proofWith({ claims: { iat: nowS + 31 } })],
    ['without iat', 'invalid_dpop_proof', () => proofWith({ claims: { iat: undefined } })],
    [
      'that has expired by its own exp',
      'invalid_dpop_proof',
      () => proofWith({ claims: { exp: nowS - 60 } }),
    ],
    ['without jti', 'invalid_dpop_proof', () => proofWith({ claims: { jti: undefined } })],
    ['with an empty jti', 'invalid_dpop_proof', () => proofWith({ claims: { jti: '' } })],
    [
      'with a jti of 257 characters',
      'invalid_dpop_proof',
      () => proofWith({ claims: { jti: 'j'.repeat(257) } }),
    ],
    ['without a nonce', 'use_dpop_nonce', () => proofWith({ claims: { nonce: undefined } })],
    ['with an invented nonce', 'use_dpop_nonce', () => proofWith({ claims: { nonce: 'x'.repeat(43) } })],
    [
      "with another process's nonce",
      'use_dpop_nonce',
      () => proofWith({ claims: { nonce: dpopNonces(randomBytes(32)).current(now) } }),
    ],
    [
      'with the nonce of two minutes ago',
      'use_dpop_nonce',
      () => proofWith({ claims: { nonce: nonces.current(now - 120_000) } }),
    ],
    [
      'with a nonce that is not given yet',
      'use_dpop_nonce',
      () => proofWith({ claims: { nonce: nonces.current(now + 60_000) } }),
    ],
  ];

  it.each(rows)('%s is refused', async (_name, challenge, make) => {
    const refusal = verify(await make());
    await expect(refusal).rejects.toBeInstanceOf(AccessRefused);
    await expect(refusal).rejects.toMatchObject({ challenge });
  });

  it('counts once', async () => {
    const proof = await proofWith();
    await verify(proof);
    await expect(verify(proof)).rejects.toMatchObject({ challenge: 'invalid_dpop_proof' });
  });

  it('that was refused for its nonce does not use up its jti', async () => {
    const jti = 'the same twice';
    await expect(verify(await proofWith({ claims: { jti, nonce: 'old' } }))).rejects.toBeInstanceOf(
      AccessRefused,
    );
    await expect(verify(await proofWith({ claims: { jti } }))).resolves.toBeUndefined();
  });

  it.each([
    ['with the nonce of the minute before', { claims: { nonce: nonces.current(now - 60_000) } }, key],
    ['of 30 seconds ago', { claims: { iat: nowS - 30 } }, key],
    ['of 30 seconds ahead', { claims: { iat: nowS + 30 } }, key],
    ['with a query in htu', { claims: { htu: `${url}?a=b#c` } }, key],
    [
      'with the default port and a host in capitals',
      { claims: { htu: 'http://LENDER.test:80/v1/checks' } },
      key,
    ],
    ['by PS256', {}, rsa],
  ])('%s holds', async (_name, changes, by) => {
    await expect(verify(await proofWith(changes, by), by.kid)).resolves.toBeUndefined();
  });
});

describe('the set of used identifiers', () => {
  it('remembers for as long as it says and no longer', () => {
    const set = replaySet(1000);
    expect([set.isFirst('a', 0), set.isFirst('a', 999), set.isFirst('a', 1000)]).toEqual([true, false, true]);
  });

  it('remembers a proof until its latest iat has left the window', async () => {
    const proof = await proofWith({ claims: { iat: nowS + 30 } });
    await verify(proof);
    await expect(verify(proof, key.kid, now + 59_000)).rejects.toMatchObject({
      challenge: 'invalid_dpop_proof',
    });
  });

  it('refuses everybody when it is full and forgets nobody', () => {
    const set = replaySet(1000, 2);
    set.isFirst('a', 0);
    set.isFirst('b', 0);
    expect(() => set.isFirst('c', 1)).toThrow(expect.objectContaining({ code: 'too-many-requests' }));
    expect(set.isFirst('a', 1)).toBe(false);
    expect(set.isFirst('c', 1001)).toBe(true);
  });
});

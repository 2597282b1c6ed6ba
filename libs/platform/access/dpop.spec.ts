import { beforeEach, describe, expect, it } from '@jest/globals';
import { constants, createPrivateKey, generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto';
import { calculateJwkThumbprint, SignJWT, type JWK } from 'jose';
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

const claims = {
  jti: 'j',
  htm: method,
  htu: url,
  iat: nowS,
  ath: hash('sha256', accessToken, 'base64url'),
  nonce,
};

/** A proof signed by `key` whatever its header and claims say. */
async function spelled(header: object, payload: object = claims, text = JSON.stringify(payload)) {
  const said = { alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicJwk, ...header };
  const input = [JSON.stringify(said), text].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const privateKey = createPrivateKey({ key: key.privateJwk, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return Promise.resolve(`${input}.${signature.toString('base64url')}`);
}

/** No JOSE library signs with a key of 1024 bits. */
async function byRsaOf(modulusLength: number): Promise<{ proof: string; jkt: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const jwk = publicKey.export({ format: 'jwk' });
  const input = [{ alg: 'PS256', typ: 'dpop+jwt', jwk }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, ...padding });
  return {
    proof: `${input}.${signature.toString('base64url')}`,
    jkt: await calculateJwkThumbprint(jwk as JWK),
  };
}

/** The same with another letter in the middle of one part. */
function bent(proof: string, part: number): string {
  const parts = proof.split('.');
  const text = parts[part] ?? '';
  const at = Math.floor(text.length / 2);
  parts[part] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  return parts.join('.');
}

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
    ...[
      `${url.slice(0, -1)}%2573`,
      url.replace('/v1/', '/v1%2F'),
      url.replace('/v1', '//v1'),
      `${url}/`,
      `${url}%20`,
    ].map((htu): [string, ChallengeError, () => Promise<string>] => [
      `for ${htu}`,
      'invalid_dpop_proof',
      () => proofWith({ claims: { htu } }),
    ]),
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
    ['with an iat in words', 'invalid_dpop_proof', () => proofWith({ claims: { iat: String(nowS) } })],
    ['with an exp in words', 'invalid_dpop_proof', () => proofWith({ claims: { exp: String(nowS + 60) } })],
    [
      'that begins later by its own nbf',
      'invalid_dpop_proof',
      () => proofWith({ claims: { nbf: nowS + 60 } }),
    ],
    ['without type', 'invalid_dpop_proof', () => proofWith({ header: { typ: undefined } })],
    ['by an EC key that says PS256', 'invalid_dpop_proof', () => spelled({ alg: 'PS256' })],
    ['that asks for an extension', 'invalid_dpop_proof', () => spelled({ crit: ['exp'] })],
    ['that says none', 'invalid_dpop_proof', () => spelled({ alg: 'none' })],
    ['whose claims are a list', 'invalid_dpop_proof', () => spelled({}, [])],
    ['whose claims are no JSON', 'invalid_dpop_proof', () => spelled({}, undefined, 'no JSON')],
    ['with claims that were changed', 'invalid_dpop_proof', async () => bent(await proofWith(), 1)],
    ['with a signature that was changed', 'invalid_dpop_proof', async () => bent(await proofWith(), 2)],
    ['with a signature cut short', 'invalid_dpop_proof', async () => (await proofWith()).slice(0, -4)],
    ['without a signature', 'invalid_dpop_proof', async () => (await proofWith()).replace(/[^.]*$/, '')],
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

  it('by a short RSA key is refused, also where the token names that key', async () => {
    const { proof, jkt } = await byRsaOf(1024);
    await expect(verify(proof, jkt)).rejects.toMatchObject({ challenge: 'invalid_dpop_proof' });
    const good = await byRsaOf(2048);
    await expect(verify(good.proof, good.jkt)).resolves.toBeUndefined();
  });

  it('counts once', async () => {
    const proof = await proofWith();
    await verify(proof);
    await expect(verify(proof)).rejects.toMatchObject({ challenge: 'invalid_dpop_proof' });
  });

  it('holds for a path that was called with escapes, in whichever case and wherever they stand', async () => {
    const called = (path: string, htu: string) =>
      proofWith({ claims: { htu: url.replace('checks', htu) } }).then((proof) =>
        verifyProof(
          { proof, method, url: url.replace('checks', path), accessToken, jkt: key.kid },
          { nonces, used, keys },
          now,
        ),
      );
    await expect(called('%63hecks', 'checks')).resolves.toBeUndefined();
    await expect(called('a%2fb', 'a%2Fb')).resolves.toBeUndefined();
    await expect(called('a%2fb', 'a/b')).rejects.toMatchObject({ challenge: 'invalid_dpop_proof' });
    await expect(called('a%2563', 'a%63')).rejects.toMatchObject({ challenge: 'invalid_dpop_proof' });
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
    ['with letters escaped in htu', { claims: { htu: url.replace('checks', '%63%68ecks') } }, key],
    ['with dots in htu', { claims: { htu: url.replace('/v1/', '/v1/./x/%2E%2e/') } }, key],
    ['by PS256', {}, rsa],
    ['spelled by hand', undefined, key],
    ['whose type is said in full', { header: { typ: 'application/DPoP+jwt' } }, key],
    ['with times of its own', { claims: { exp: nowS + 60, nbf: nowS } }, key],
  ])('%s holds', async (_name, changes, by) => {
    const proof = changes === undefined ? await spelled({}) : await proofWith(changes, by);
    await expect(verify(proof, by.kid)).resolves.toBeUndefined();
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

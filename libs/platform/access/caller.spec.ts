import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { createLocalJWKSet } from 'jose';
import type { Party } from '#libs/party/party.js';
import { selfSigned, type ClientCertificate } from '../../../test/support/certificates.js';
import { accessToken, dpopProof, newKeyPair } from '../../../test/support/machine-client.js';
import { addressList } from '../address-list.js';
import { authenticate, type Caller, type CallerChecks, type PresentedRequest } from './caller.js';
import { dpopNonces } from './dpop-nonces.js';
import { proofLifeMs } from './dpop.js';
import { presentedCertificate } from './mtls.js';
import { proofKeys } from './proof-keys.js';
import { replaySet } from './replay-set.js';
import { tokenVerifier } from './token-verifier.js';

const now = Date.UTC(2026, 2, 1, 12);
const issuer = 'http://access.test';
const plain = { publicBase: 'http://lender.test', proxies: undefined };
const tls = { publicBase: 'https://lender.test:8086', proxies: undefined };
const path = '/v1/checks?loanRef=A';
const issuerKey = await newKeyPair();
const proofKey = await newKeyPair();
const keys = createLocalJWKSet({ keys: [{ ...issuerKey.publicJwk, kid: issuerKey.kid }] });
const nonces = dpopNonces(randomBytes(32));
let own: ClientCertificate;
let foreign: ClientCertificate;
let server: ClientCertificate;
const open: Duplex[] = [];

beforeAll(async () => {
  [own, foreign, server] = await Promise.all([
    selfSigned('bank-alpha', now),
    selfSigned('bank-beta', now),
    selfSigned('lender.test', now),
  ]);
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** The server's end of a real TLS connection over two streams in memory. */
async function connectionWith(client?: ClientCertificate): Promise<TLSSocket> {
  const [near, far] = duplexPair();
  const accepted = new TLSSocket(far, {
    isServer: true,
    requestCert: true,
    rejectUnauthorized: false,
    key: server.keyPem,
    cert: server.certPem,
  });
  const credentials = client === undefined ? {} : { key: client.keyPem, cert: client.certPem };
  const connected = connect({ socket: near, rejectUnauthorized: false, ...credentials });
  open.push(accepted, connected);
  await new Promise((resolve, reject) => {
    accepted.once('secure', resolve).once('error', reject);
    connected.once('error', reject);
  });
  return accepted;
}

function partyWith(changes: Partial<Party> = {}, pinned = own.sha256): Party {
  return {
    clientId: 'bank-alpha',
    kind: 'bank',
    bin: '000000000000',
    names: { kk: 'A', ru: 'A', en: 'A' },
    scopes: ['checks', 'loans', 'feed'],
    resource: plain.publicBase,
    state: 'admitted',
    admittedAt: 0,
    keys: [
      { kid: 'k', use: 'sig', jwk: {}, certSha256: pinned, notBefore: 0, expiresAt: null, retiredAt: null },
    ],
    ...changes,
  };
}

function checksWith(
  party: Party | undefined,
  listeners: CallerChecks['listeners'] = { plain, tls },
): CallerChecks {
  return {
    tokens: tokenVerifier({ issuer, audience: plain.publicBase, keys }),
    proofs: { nonces, used: replaySet(proofLifeMs), keys: proofKeys() },
    listeners,
    directory: {
      partyOf: (clientId) => (clientId === party?.clientId ? party : undefined),
      registryNow: () => now,
      isCompromised: () => false,
      onRulesChanged: () => undefined,
    },
  };
}

const tokenBound = (cnf: Record<string, string>, scope = 'checks'): Promise<string> =>
  accessToken(issuerKey, now, {
    claims: { iss: issuer, aud: plain.publicBase, client_id: 'bank-alpha', scope, cnf },
  });

const request = (changes: Partial<PresentedRequest>): PresentedRequest => ({
  method: 'GET',
  url: path,
  socket: new Socket(),
  authorization: undefined,
  dpop: undefined,
  clientCert: undefined,
  ...changes,
});

const call = (presented: PresentedRequest, checks = checksWith(partyWith())): Promise<Caller> =>
  authenticate(presented, checks, now);

describe('a token bound to a certificate', () => {
  const bound = (scope?: string): Promise<string> => tokenBound({ 'x5t#S256': own.sha256 }, scope);

  it('counts over the connection that presented this certificate', async () => {
    const socket = await connectionWith(own);
    const caller = await call(request({ socket, authorization: `Bearer ${await bound()}` }));
    expect([caller.clientId, [...caller.scopes]]).toEqual(['bank-alpha', ['checks']]);
  });

  it.each<[string, () => Promise<Partial<PresentedRequest>>]>([
    ['stolen and sent with another certificate', async () => ({ socket: await connectionWith(foreign) })],
    ['sent over TLS without a certificate', async () => ({ socket: await connectionWith() })],
    ['sent over plain HTTP', () => Promise.resolve({})],
    [
      'sent over plain HTTP with its certificate in a header',
      () => Promise.resolve({ clientCert: `:${own.der.toString('base64')}:` }),
    ],
  ])('is refused when it is %s', async (_name, how) => {
    const presented = request({ ...(await how()), authorization: `Bearer ${await bound()}` });
    await expect(call(presented)).rejects.toMatchObject({ challenge: 'invalid_token' });
  });

  it('is refused under the DPoP scheme', async () => {
    const presented = request({ socket: await connectionWith(own), authorization: `DPoP ${await bound()}` });
    await expect(call(presented)).rejects.toMatchObject({ challenge: 'invalid_token' });
  });

  it('is refused once its certificate is no longer pinned', async () => {
    const presented = request({
      socket: await connectionWith(own),
      authorization: `Bearer ${await bound()}`,
    });
    const refusal = call(presented, checksWith(partyWith({}, foreign.sha256)));
    await expect(refusal).rejects.toMatchObject({ challenge: 'invalid_token' });
  });

  it('is refused once its key is retired', async () => {
    const [key] = partyWith().keys;
    const party = partyWith({ keys: key === undefined ? [] : [{ ...key, retiredAt: now }] });
    const presented = request({
      socket: await connectionWith(own),
      authorization: `Bearer ${await bound()}`,
    });
    await expect(call(presented, checksWith(party))).rejects.toMatchObject({ challenge: 'invalid_token' });
  });

  it('of a suspended party is told so', async () => {
    const presented = request({
      socket: await connectionWith(own),
      authorization: `Bearer ${await bound()}`,
    });
    const refusal = call(presented, checksWith(partyWith({ state: 'suspended' })));
    await expect(refusal).rejects.toMatchObject({ code: 'party-suspended' });
  });

  it.each([
    ['before', 1, 'refused'],
    ['in the second in which', 0, 'refused'],
    ['a second after', -1, 'counts'],
  ] as const)('that was issued %s a key or the party ended: %s s, %s', async (_, earlierS, outcome) => {
    const socket = await connectionWith(own);
    // The token is of `now`, to the second; another key of the party still pins its certificate.
    const ended = partyWith({ tokensEndedAt: now + earlierS * 1000 });
    const presented = request({ socket, authorization: `Bearer ${await bound()}` });
    const called = call(presented, checksWith(ended)).then(
      () => 'counts',
      ({ challenge }: { challenge?: unknown }) => (challenge === 'invalid_token' ? 'refused' : challenge),
    );
    expect(await called).toBe(outcome);
  });

  it('of nobody we know is refused', async () => {
    const presented = request({
      socket: await connectionWith(own),
      authorization: `Bearer ${await bound()}`,
    });
    await expect(call(presented, checksWith(undefined))).rejects.toMatchObject({
      challenge: 'invalid_token',
    });
  });

  it.each([
    ['checks', 'bank', ['checks']],
    ['checks feed', 'bank', ['checks']],
    ['citizen', 'bank', []],
    ['stamps', 'bureau', []],
    ['feed checks', 'bureau', ['feed']],
    ['checks', 'channel', []],
  ] as const)('with the scopes "%s" of a %s counts for %j', async (scope, kind, counting) => {
    const presented = request({
      socket: await connectionWith(own),
      authorization: `Bearer ${await bound(scope)}`,
    });
    const caller = await call(presented, checksWith(partyWith({ kind })));
    expect([...caller.scopes]).toEqual(counting);
  });
});

describe('a token bound to a DPoP key', () => {
  const bound = (): Promise<string> => tokenBound({ jkt: proofKey.kid });
  const proofFor = (accessToken: string, base: string): Promise<string> =>
    dpopProof(
      proofKey,
      { method: 'GET', url: `${base}/v1/checks`, accessToken, nonce: nonces.current(now) },
      now,
    );

  it('counts with its proof', async () => {
    const token = await bound();
    const dpop = await proofFor(token, plain.publicBase);
    const caller = await call(request({ authorization: `DPoP ${token}`, dpop }));
    expect(caller.party.bin).toBe('000000000000');
  });

  it('is refused with its proof when it was issued before a key of the party ended', async () => {
    const token = await bound();
    const presented = request({
      authorization: `DPoP ${token}`,
      dpop: await proofFor(token, plain.publicBase),
    });
    const refusal = call(presented, checksWith(partyWith({ tokensEndedAt: now })));
    await expect(refusal).rejects.toMatchObject({ challenge: 'invalid_token' });
    const later = await call(presented, checksWith(partyWith({ tokensEndedAt: now - 1000 })));
    expect(later.clientId).toBe('bank-alpha');
  });

  it('counts on the listener its proof names and on no other', async () => {
    const token = await bound();
    const socket = await connectionWith();
    const withProofFor = async (base: string): Promise<Caller> =>
      call(request({ socket, authorization: `dpop ${token}`, dpop: await proofFor(token, base) }));
    await expect(withProofFor(tls.publicBase)).resolves.toHaveProperty('clientId', 'bank-alpha');
    await expect(withProofFor(plain.publicBase)).rejects.toMatchObject({ challenge: 'invalid_dpop_proof' });
  });

  it('is refused as a bearer token, with its proof and without', async () => {
    const token = await bound();
    for (const dpop of [undefined, await proofFor(token, plain.publicBase)])
      await expect(call(request({ authorization: `Bearer ${token}`, dpop }))).rejects.toMatchObject({
        challenge: 'invalid_token',
      });
  });

  it('is refused without a proof and with two', async () => {
    const token = await bound();
    const proof = await proofFor(token, plain.publicBase);
    for (const dpop of [undefined, [proof, proof], `${proof}, ${proof}`])
      await expect(call(request({ authorization: `DPoP ${token}`, dpop }))).rejects.toMatchObject({
        challenge: 'invalid_dpop_proof',
      });
  });
});

describe('the header Authorization', () => {
  it('that is missing is answered without an error', async () => {
    await expect(call(request({}))).rejects.toMatchObject({
      code: 'not-authenticated',
      challenge: undefined,
    });
  });

  it.each(['', 'Basic YTpi', 'Bearer', 'Bearer a b', 'DPoP ä', 'Negotiate x'])(
    '"%s" is refused',
    async (header) => {
      await expect(call(request({ authorization: header }))).rejects.toMatchObject({
        challenge: 'invalid_token',
      });
    },
  );
});

describe('the header Client-Cert', () => {
  const proxied = { publicBase: plain.publicBase, proxies: addressList(['10.0.0.0/24']) };
  const proxy = { destroyed: false, remoteAddress: '10.0.0.7' };
  const read = (value: string | string[] | undefined): string | undefined =>
    presentedCertificate(proxied, proxy, value);

  it('names the certificate behind a proxy', () => {
    expect(read(`:${own.der.toString('base64')}:`)).toBe(own.sha256);
  });

  it('is all that counts behind a proxy, whatever the connection presented', async () => {
    const accepted = await connectionWith(own);
    const connection = { ...proxy, getPeerX509Certificate: () => accepted.getPeerX509Certificate() };
    expect(presentedCertificate(proxied, connection, undefined)).toBeUndefined();
  });

  it.each(['10.0.1.7', '127.0.0.1', '::1', undefined])(
    'names nobody when it comes from %s',
    (remoteAddress) => {
      const value = `:${own.der.toString('base64')}:`;
      expect(presentedCertificate(proxied, { destroyed: false, remoteAddress }, value)).toBeUndefined();
    },
  );

  it.each<[string, (base64: string) => string | string[] | undefined]>([
    ['missing', () => undefined],
    ['twice', (text) => [`:${text}:`, `:${text}:`]],
    ['twice in one line', (text) => `:${text}:, :${text}:`],
    ['without colons', (text) => text],
    ['with a parameter', (text) => `:${text}:;a=b`],
    ['in base64url', () => ':_-8=:'],
    ['with its padding cut', () => ':AAA:'],
    ['empty', () => '::'],
  ])('%s names nobody', (_name, make) => {
    expect(read(make(own.der.toString('base64')))).toBeUndefined();
  });
});

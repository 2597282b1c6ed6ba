/** Revocation over the wire: only from the configured addresses, and silence is never "good". */
import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { crl, type CrlWish, createAuthority, serialNumberOf } from '../../apps/sandbox/nca/nca.js';
import { buildCms, der } from '../../test/support/hostile-cms.js';
import { AT, DAY_MS, DOCUMENT, makeScene, type Scene } from '../../test/support/signing-scene.js';
import { RevocationClient } from './revocation.client.js';
import { readTrustAnchors } from './trust.js';
import { verifySignature } from './verify-signature.js';
import type { VerifiedSigner } from './verified-signer.js';

const HOUR_MS = 3_600_000;
let scene: Scene;
let signer: VerifiedSigner;
let server: Server;
let base: string;
let asked: string[];
/** What the address answers; it may also hang up, or say nothing and stay on the line. */
let answer: (path: string) => { status?: number; body: Buffer } | 'hangs up' | 'says nothing';
const clients: RevocationClient[] = [];

beforeAll(async () => {
  scene = await makeScene();
  signer = await signedBy(scene.trust, [der(scene.person)]);
});

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const given = answer(request.url ?? '');
    if (given === 'hangs up') response.destroy();
    if (typeof given === 'object')
      response.writeHead(given.status ?? 200, { location: '/elsewhere' }).end(given.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

async function signedBy(trust: Scene['trust'], certificates: Buffer[]): Promise<VerifiedSigner> {
  const cms = buildCms({ signer: scene.person, document: DOCUMENT, certificates });
  return verifySignature({ cms, document: DOCUMENT, at: AT, trust });
}

function client(options: Partial<ConstructorParameters<typeof RevocationClient>[0]> = {}): RevocationClient {
  const made = new RevocationClient({ crlUrls: { '*': `${base}/ca.crl` }, ...options });
  clients.push(made);
  return made;
}

const list = (wish: Partial<CrlWish> = {}): Promise<Buffer> =>
  crl(scene.authority, { at: AT, revoked: [], validForMs: HOUR_MS, ...wish });
const revoked = (): CrlWish['revoked'] => [
  { serialNumber: serialNumberOf(scene.person.certPem), revokedAt: AT },
];
/** CRLNumber, not critical. */
function crlNumber(value: number): x509.Extension {
  const bytes = value < 128 ? [2, 1, value] : [2, 2, value >> 8, value & 255];
  return new x509.Extension('2.5.29.20', false, Buffer.from(bytes));
}
const question = (at = AT, staleCrlHoursAllowed: 0 | 24 = 0) => ({ signer, at, staleCrlHoursAllowed });

describe('asking for a revocation list', () => {
  it('gives the list itself as evidence', async () => {
    const body = await list();
    answer = () => ({ body });
    const evidence = await client().knownGood(question());
    expect(evidence).toMatchObject({ kind: 'crl', der: body, stale: false });
  });

  it('goes to the address of the issuer by its name, else to the one for all others', async () => {
    const body = await list();
    answer = () => ({ body });
    await client({ crlUrls: { 'Sandbox NCA': `${base}/nca.crl`, '*': `${base}/any.crl` } }).knownGood(
      question(),
    );
    await client({ crlUrls: { Another: `${base}/nca.crl`, '*': `${base}/any.crl` } }).knownGood(question());
    expect(asked).toEqual(['/nca.crl', '/any.crl']);
  });

  it.each([
    ['no address is configured', { crlUrls: {} }, undefined],
    ['the address says nothing', { timeoutMs: 200 }, () => 'says nothing' as const],
    ['the address hangs up', {}, () => 'hangs up' as const],
    ['the address answers something else', {}, () => ({ body: Buffer.from('<html>') })],
    ['nobody listens there', { crlUrls: { '*': 'http://127.0.0.1:9/ca.crl' } }, undefined],
  ])('is revocation-unavailable when %s', async (_row, options, answering) => {
    if (answering !== undefined) answer = answering;
    await expect(client(options).knownGood(question())).rejects.toThrow('revocation-unavailable');
  });

  it.each([404, 500, 206])(
    'is revocation-unavailable when the address answers %s, whatever comes with it',
    async (status) => {
      const body = await list();
      answer = () => ({ status, body });
      await expect(client().knownGood(question())).rejects.toThrow('revocation-unavailable');
    },
  );

  it('follows a redirection, and not for ever', async () => {
    const body = await list();
    answer = (path) => (path === '/elsewhere' ? { body } : { status: 302, body: Buffer.alloc(0) });
    expect((await client().knownGood(question())).der).toEqual(body);
    expect(asked).toEqual(['/ca.crl', '/elsewhere']);
    answer = () => ({ status: 302, body: Buffer.alloc(0) });
    await expect(client().knownGood(question())).rejects.toThrow('revocation-unavailable');
  });

  it('reads a list as PEM and with line ends behind it, and keeps its DER', async () => {
    const body = await list();
    const pem = `-----BEGIN X509 CRL-----\n${body.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
    for (const served of [Buffer.from(pem), Buffer.concat([body, Buffer.from('\r\n')])]) {
      answer = () => ({ body: served });
      expect((await client().knownGood(question())).der).toEqual(body);
    }
    answer = () => ({ body: Buffer.concat([body, Buffer.from('x')]) });
    await expect(client().knownGood(question())).rejects.toThrow('revocation-unavailable');
  });

  it('serves no lift with a list of the day before yesterday, however long that calls itself valid', async () => {
    const body = await list({ at: AT - 27 * HOUR_MS, validForMs: 30 * DAY_MS });
    answer = () => ({ body });
    await expect(client().knownGood(question())).rejects.toThrow('revocation-unavailable');
    expect((await client().knownGood(question(AT, 24))).stale).toBe(false);
    const answered = await client().answer(question(AT - 2 * HOUR_MS));
    expect(answered.freshUntil).toBe(AT - HOUR_MS);
  });

  it.each([
    ['an older instant', { at: AT - 1000 }, { thisUpdate: AT }],
    ['a lower number', { extensions: [crlNumber(6)] }, { thisUpdate: AT, number: 7n }],
  ])(
    'serves no lift with a list of %s than another process has seen; a placing may rest on it, and is asked about again',
    async (_what, wish, known) => {
      const body = await list(wish);
      answer = () => ({ body });
      const newest = { seen: () => Promise.resolve(known) };
      await expect(client({ newest }).knownGood(question())).rejects.toThrow('revocation-unavailable');
      expect((await client({ newest }).knownGood(question(AT, 24))).stale).toBe(true);
    },
  );

  it('remembers what it saw, and lifts on nothing while nobody can be asked what others saw', async () => {
    const body = await list({ extensions: [crlNumber(300)] });
    answer = () => ({ body });
    const told: unknown[] = [];
    const seen = (_issuer: string, edition: { thisUpdate: number; number?: bigint }) => {
      told.push([edition.thisUpdate, edition.number]);
      return Promise.resolve(edition);
    };
    expect((await client({ newest: { seen } }).knownGood(question())).stale).toBe(false);
    expect(told).toEqual([[AT, 300n]]);
    const newest = { seen: () => Promise.reject(new Error('no database')) };
    await expect(client({ newest }).knownGood(question())).rejects.toThrow('revocation-unavailable');
    expect((await client({ newest }).knownGood(question(AT, 24))).stale).toBe(true);
  });

  it('stops reading at the size limit', async () => {
    const body = await list();
    answer = () => ({ body });
    await expect(client({ maxBytes: body.length - 1 }).knownGood(question())).rejects.toThrow(
      'revocation-unavailable',
    );
    expect((await client({ maxBytes: body.length }).knownGood(question())).der).toEqual(body);
  });

  it('is certificate-revoked when the list names the certificate', async () => {
    const body = await list({ revoked: revoked() });
    answer = () => ({ body });
    await expect(client().knownGood(question())).rejects.toThrow('certificate-revoked');
  });

  it('answers either way with the list that says so, and until when its "good" is fresh', async () => {
    const bodies = [await list(), await list({ revoked: revoked() })];
    const said = await Promise.all(
      bodies.map((body, place) => {
        answer = (path) => ({ body: bodies[Number(path.slice(1))] ?? body });
        return client({ crlUrls: { '*': `${base}/${place}` } }).answer(question());
      }),
    );
    expect(said).toMatchObject([
      { status: 'good', evidence: { kind: 'crl', der: bodies[0] }, freshUntil: AT + HOUR_MS },
      { status: 'revoked', evidence: { kind: 'crl', der: bodies[1] } },
    ]);
  });

  it('is one download for a burst, and a new one once the list is older than allowed', async () => {
    const body = await list();
    answer = () => ({ body });
    const one = client({ maxAgeMs: 5_000 });
    await Promise.all(Array.from({ length: 20 }, () => one.knownGood(question())));
    await one.knownGood(question(AT + 5_000));
    expect(asked).toHaveLength(1);
    await one.knownGood(question(AT + 5_001));
    expect(asked).toHaveLength(2);
  });

  it('sees a revocation as soon as the list is fetched again', async () => {
    let body = await list();
    answer = () => ({ body });
    const one = client();
    await one.knownGood(question());
    body = await list({ at: AT + 1000, revoked: revoked() });
    await expect(one.knownGood(question(AT + 6_000))).rejects.toThrow('certificate-revoked');
  });

  it('does not go back to an older list', async () => {
    let body = await list({ at: AT, revoked: revoked() });
    answer = () => ({ body });
    const one = client();
    await expect(one.knownGood(question())).rejects.toThrow('certificate-revoked');
    body = await list({ at: AT - 60_000 });
    await expect(one.knownGood(question(AT + 6_000))).rejects.toThrow('certificate-revoked');
  });

  it.each([
    ['silence', () => 'hangs up' as const],
    ['an error', () => ({ status: 500, body: Buffer.alloc(0) })],
    ['a list of somebody else', undefined],
  ])(
    'uses the list in hand while the address gives %s: for placing a day past its end, for lifting to its end',
    async (_row, failing) => {
      const body = await list();
      const foreign = await crl(await createAuthority({ at: AT - DAY_MS }), { at: AT, revoked: [] });
      answer = () => ({ body });
      const one = client();
      await one.knownGood(question());
      answer = failing ?? (() => ({ body: foreign }));
      const end = AT + HOUR_MS;
      expect((await one.knownGood(question(end, 0))).stale).toBe(false);
      expect((await one.knownGood(question(end + 10_000, 24))).stale).toBe(true);
      await expect(one.knownGood(question(end + 20_000, 0))).rejects.toThrow('revocation-unavailable');
      await expect(one.knownGood(question(end + 25 * HOUR_MS, 24))).rejects.toThrow('revocation-unavailable');
    },
  );

  it('asks about an authority that came with the signature, too', async () => {
    const { root, issuing } = scene.authority;
    const trust = readTrustAnchors({ roots: [root.certPem], intermediates: [] });
    const cameAlong = await signedBy(trust, [der(scene.person), der(issuing)]);
    const own = await list();
    const listsIssuing = [{ serialNumber: serialNumberOf(issuing.certPem), revokedAt: AT }];
    const ofRoot = {
      good: await crl({ issuing: root }, { at: AT, revoked: [] }),
      bad: await crl({ issuing: root }, { at: AT, revoked: listsIssuing }),
    };
    const crlUrls = { 'Sandbox NCA': `${base}/ca.crl`, 'Sandbox Root CA': `${base}/root.crl` };
    answer = (path) => ({ body: path === '/root.crl' ? ofRoot.good : own });
    const asking = { ...question(), signer: cameAlong };
    expect((await client({ crlUrls }).knownGood(asking)).der).toEqual(own);
    expect(asked).toEqual(['/root.crl', '/ca.crl']);
    answer = (path) => ({ body: path === '/root.crl' ? ofRoot.bad : own });
    await expect(client({ crlUrls }).knownGood(asking)).rejects.toThrow('certificate-revoked');
    await expect(client().knownGood(asking)).rejects.toThrow('revocation-unavailable');
  });
});

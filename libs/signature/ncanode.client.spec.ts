/**
 * The contract with an NCANode 3 service, against a server that answers in its shape. ГОСТ itself is not computed
 * here: the certificates only say that they are of that kind, so these rows prove what we ask, what we believe of an
 * answer and what we check ourselves, and nothing about the mathematics.
 */
import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { PURPOSE, serialNumberOf, signingExtensions } from '../../apps/sandbox/nca/nca.js';
import { buildCms, type CmsParts, der, members } from '../../test/support/hostile-cms.js';
import { national, nationalCms } from '../../test/support/national.js';
import { AT, DAY_MS, DOCUMENT, IIN, makeScene, type Scene } from '../../test/support/signing-scene.js';
import { NcanodeClient } from './ncanode.client.js';
import { chooseVerifier } from './signature-verifier.js';
import { makeVerifier } from './verifier.client.js';
import { signerToAsk } from './verify-signature.js';

let scene: Scene;
let person: Credential;
let server: Server;
let client: NcanodeClient;
let url: string;
let asked: { path: string; body: Record<string, unknown> }[];
/** What the service answers: a status and a body, JSON unless it is text; it may also hang up, or say nothing. */
let answer: () => { status?: number; body: unknown } | 'hangs up' | 'says nothing';

beforeAll(async () => {
  scene = await makeScene();
  person = national(scene.person);
});

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body: JSON.parse(text) as Record<string, unknown> });
      const given = answer();
      if (given === 'hangs up') response.destroy();
      if (typeof given !== 'object') return;
      const body = typeof given.body === 'string' ? given.body : JSON.stringify(given.body);
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  client = new NcanodeClient({ url });
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const cmsOf = (signer: Credential, changes: Partial<CmsParts> = {}): Buffer =>
  nationalCms(signer, DOCUMENT, changes);

const input = (cms: Buffer) => ({ cms, document: DOCUMENT, at: AT, trust: scene.trust });

/** NCANode's CertificateInfo of a certificate, with the members it has today. */
function info(credential: Credential, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const signature = members(der(credential))[2] ?? Buffer.alloc(0);
  return {
    valid: true,
    revocations: [],
    notBefore: '2026-05-31T09:30:00.000+00:00',
    notAfter: '2029-05-31T09:30:00.000+00:00',
    keyUsage: 'SIGN',
    serialNumber: serialNumberOf(credential.certPem),
    signAlg: 'ECGOST3410-2015-512',
    keyUser: ['INDIVIDUAL'],
    publicKey: 'AQEGCiqDDgMKAQMBAQAD',
    signature: signature.subarray(3).toString('base64'),
    subject: { commonName: 'ТЕСТ ӘСЕМ', surName: 'ТЕСТ', iin: IIN, country: 'KZ', gender: 'NONE' },
    issuer: { commonName: 'Sandbox NCA', country: 'KZ' },
    ...changes,
  };
}

const ok = { status: 200, message: 'OK', valid: true };
const verified = (...certificates: unknown[]) => ({
  body: { ...ok, signers: [{ certificates, tsp: null }] },
});
const OCSP_GOOD = { revoked: false, by: 'OCSP', revocationTime: null, reason: 'OK' };
const reported = (changes: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  body: { ...ok, signers: [info(person, { revocations: [OCSP_GOOD], ...changes })], ...more },
});

describe('verifying a national signature', () => {
  it('asks with the stored document, and takes the person from the certificate', async () => {
    const cms = cmsOf(person);
    answer = () => verified(info(person, { subject: { iin: '000000000000' } }));
    const signer = await client.verify(input(cms));
    expect(signer.iin).toBe(IIN);
    expect(signer.issuerCertificateDer).toEqual(der(scene.authority.issuing));
    expect(asked).toEqual([
      {
        path: '/cms/verify',
        body: { cms: cms.toString('base64'), data: DOCUMENT.toString('base64'), revocationCheck: [] },
      },
    ]);
  });

  const notValid: [string, () => unknown][] = [
    ['it says so', () => ({ body: { ...ok, valid: false, signers: [{ certificates: [info(person)] }] } })],
    ['it says so of the certificate', () => verified(info(person, { valid: false }))],
    ['it names no signer', () => ({ body: { ...ok, signers: [] } })],
    ['it names no certificate, which it calls valid', () => verified()],
    ['it names two certificates', () => verified(info(person), info(person))],
    [
      'it names two signers',
      () => ({ body: { ...ok, signers: [1, 2].map(() => ({ certificates: [info(person)] })) } }),
    ],
    ['it names another number', () => verified(info(person, { serialNumber: '11' }))],
    ['it names another certificate of that number', () => verified(info(person, { signature: 'AAAA' }))],
    ['it names a certificate for signing in', () => verified(info(person, { keyUsage: 'AUTH' }))],
    [
      'its "valid" is a text',
      () => ({ body: { ...ok, valid: 'true', signers: [{ certificates: [info(person)] }] } }),
    ],
    [
      'its status is another inside',
      () => ({ body: { ...ok, status: 500, signers: [{ certificates: [info(person)] }] } }),
    ],
    ['it leaves the signers out', () => ({ body: ok })],
    ['it cannot make sense of it', () => ({ status: 400, body: { status: 400, message: 'x' } })],
  ];
  it.each(notValid)('is signature-not-valid when %s', async (_row, answering) => {
    answer = answering as typeof answer;
    await expect(client.verify(input(cmsOf(person)))).rejects.toThrow('signature-not-valid');
  });

  const unavailable: [string, () => unknown][] = [
    ['hangs up', () => 'hangs up'],
    ['has trouble of its own', () => ({ status: 500, body: { status: 500, message: 'x' } })],
    ['answers a page', () => ({ body: '<html></html>' })],
    ['answers a list', () => ({ body: [] })],
    ['answers without an end', () => ({ body: 'x'.repeat(300 * 1024) })],
  ];
  it.each(unavailable)(
    'is revocation-unavailable, to be tried again, when the service %s',
    async (_row, answering) => {
      answer = answering as typeof answer;
      await expect(client.verify(input(cmsOf(person)))).rejects.toThrow('revocation-unavailable');
    },
  );

  it('waits for the service only so long', async () => {
    answer = () => 'says nothing';
    const impatient = new NcanodeClient({ url, timeoutMs: 200 });
    await expect(impatient.verify(input(cmsOf(person)))).rejects.toThrow('revocation-unavailable');
    await impatient.close();
  });

  it.each([
    ['signature-malformed', () => cmsOf(person, { attributes: undefined })],
    ['signature-malformed', () => Buffer.concat([cmsOf(person), Buffer.alloc(1)])],
    ['signature-content-differs', () => cmsOf(person, { content: Buffer.from('{}') })],
    ['signature-not-valid', () => cmsOf(person, { certificates: [] })],
    ['signature-not-valid', () => buildCms({ signer: scene.person, document: DOCUMENT })],
  ])('is %s without asking when the structure does not hold', async (code, make) => {
    await expect(client.verify(input(make()))).rejects.toThrow(code);
    expect(asked).toEqual([]);
  });

  it.each([
    [
      'certificate-not-trusted',
      'of an authority that is not pinned',
      async () => scene.certify({ issuer: scene.person }),
    ],
    ['certificate-not-trusted', 'that has expired', async () => scene.certify({ to: AT - DAY_MS / 2 })],
    [
      'certificate-not-for-signing',
      'of an organisation',
      async () => scene.certify({ extensions: signingExtensions([PURPOSE.organisation]) }),
    ],
    [
      'certificate-not-for-signing',
      'of nobody',
      async () => scene.certify({ subject: [{ CN: [`IIN${IIN}`] }] }),
    ],
  ])('is %s for a certificate %s, whatever the service says', async (code, _row, certified) => {
    const signer = national(await certified());
    answer = () => verified(info(signer));
    await expect(client.verify(input(cmsOf(signer)))).rejects.toThrow(code);
  });
});

describe('asking a service whether a national certificate is revoked', () => {
  const question = () => ({
    signer: signerToAsk(input(cmsOf(person))),
    at: AT,
    staleCrlHoursAllowed: 0 as const,
  });

  it('keeps its answer when it says good', async () => {
    answer = () => reported();
    const evidence = await client.knownGood(question());
    expect(evidence).toMatchObject({ kind: 'ncanode', stale: false });
    expect(JSON.parse(evidence.der.toString())).toEqual(reported().body);
    expect(asked).toEqual([
      { path: '/x509/info', body: { certs: [der(person).toString('base64')], revocationCheck: ['OCSP'] } },
    ]);
  });

  const answers: [string, string, () => unknown][] = [
    [
      'certificate-revoked',
      'says revoked',
      () => reported({ valid: false, revocations: [{ ...OCSP_GOOD, revoked: true }] }, { valid: false }),
    ],
    [
      'certificate-revoked',
      'says revoked in one of two answers',
      () => reported({ revocations: [OCSP_GOOD, { ...OCSP_GOOD, revoked: true }] }),
    ],
    ['revocation-unavailable', 'does not say whether', () => reported({ revocations: [{ by: 'OCSP' }] })],
    [
      'revocation-unavailable',
      'had no answer itself, which it calls not revoked',
      () => reported({ valid: false }, { valid: false }),
    ],
    ...['Unknown status', "Nonce aren't equals", 'connect timed out', 'ok', '', null, undefined].map(
      (reason): [string, string, () => unknown] => [
        'revocation-unavailable',
        `calls itself valid and gives ${JSON.stringify(reason)} as the reason`,
        () => reported({ revocations: [{ ...OCSP_GOOD, reason }] }),
      ],
    ),
    [
      'revocation-unavailable',
      'had a plain good beside an unknown status',
      () => reported({ revocations: [OCSP_GOOD, { ...OCSP_GOOD, reason: 'Unknown status' }] }),
    ],
    ['revocation-unavailable', 'asked nobody', () => reported({ revocations: [] })],
    [
      'revocation-unavailable',
      'asked its lists only',
      () => reported({ revocations: [{ ...OCSP_GOOD, by: 'CRL' }] }),
    ],
    ['revocation-unavailable', 'leaves the question out', () => reported({ revocations: undefined })],
    ['revocation-unavailable', 'cannot read the certificate', () => ({ body: { ...ok, signers: [null] } })],
    ['revocation-unavailable', 'speaks of another certificate', () => reported({ serialNumber: '11' })],
    ['revocation-unavailable', 'has trouble of its own', () => ({ status: 500, body: {} })],
    ['revocation-unavailable', 'cannot make sense of the question', () => ({ status: 400, body: {} })],
    ['revocation-unavailable', 'hangs up', () => 'hangs up'],
  ];
  it.each(answers)('is %s when it %s', async (code, _row, answering) => {
    answer = answering as typeof answer;
    await expect(client.knownGood(question())).rejects.toThrow(code);
  });
});

describe('choosing who verifies', () => {
  it('sends national keys to the service and every other to our own rules', async () => {
    const verifier = makeVerifier({ crlUrls: {}, ncanodeUrl: url });
    answer = () => verified(info(person));
    expect((await verifier.verify(input(cmsOf(person)))).certificateDer).toEqual(der(person));
    expect(asked).toHaveLength(1);
    const own = buildCms({ signer: scene.person, document: DOCUMENT });
    expect((await verifier.verify(input(own))).certificateDer).toEqual(der(scene.person));
    expect(asked).toHaveLength(1);
    const at = { at: AT, staleCrlHoursAllowed: 0 as const };
    answer = () => reported();
    expect((await verifier.knownGood({ ...at, signer: signerToAsk(input(cmsOf(person))) })).kind).toBe(
      'ncanode',
    );
    await expect(verifier.knownGood({ ...at, signer: signerToAsk(input(own)) })).rejects.toThrow(
      'revocation-unavailable',
    );
    await verifier.close();
  });

  it('refuses national keys where there is no service', async () => {
    const verifier = makeVerifier({ crlUrls: {} });
    await expect(verifier.verify(input(cmsOf(person)))).rejects.toThrow('key-not-taken');
    const question = { signer: signerToAsk(input(cmsOf(person))), at: AT, staleCrlHoursAllowed: 24 as const };
    await expect(verifier.knownGood(question)).rejects.toThrow('revocation-unavailable');
    await verifier.close();
  });

  it('refuses what it cannot read before it chooses', async () => {
    const verifier = chooseVerifier(client, client);
    await expect(verifier.verify(input(Buffer.from('x')))).rejects.toThrow('signature-malformed');
    expect(asked).toEqual([]);
  });
});

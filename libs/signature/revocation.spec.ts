/** Revocation, judged from bytes: what a list must be to say "good", and how old it may be. */
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import {
  type Credential,
  issueCertificate,
  nameOf,
  signingAlgorithm,
  signingKey,
} from '../../apps/sandbox/nca/issue.js';
import { crl, type CrlWish, createAuthority, serialNumberOf } from '../../apps/sandbox/nca/nca.js';
import {
  buildCms,
  der,
  homeMadeOcspAnswer,
  indefinite,
  members,
  openssl,
  sequence,
  tlv,
} from '../../test/support/hostile-cms.js';
import {
  AT,
  DAY_MS,
  DOCUMENT,
  IIN,
  makeScene,
  type Scene,
  unknownExtension,
} from '../../test/support/signing-scene.js';
import { assertNotRevoked } from './revocation.js';
import { verifyAgain } from './verify-again.js';
import { signerToAsk, verifySignature } from './verify-signature.js';
import type { VerifiedSigner } from './verified-signer.js';

const HOUR_MS = 3_600_000;
let scene: Scene;
let signer: VerifiedSigner;
beforeAll(async () => {
  scene = await makeScene();
  const cms = buildCms({ signer: scene.person, document: DOCUMENT });
  signer = await verifySignature({ cms, document: DOCUMENT, at: AT, trust: scene.trust });
});

const list = (wish: Partial<CrlWish> = {}, by: { issuing: Credential } = scene.authority): Promise<Buffer> =>
  crl(by, { at: AT - HOUR_MS, revoked: [], ...wish });

const judge = (der: Buffer, staleCrlHoursAllowed: 0 | 24 = 0, at = AT): { stale: boolean } =>
  assertNotRevoked({ kind: 'crl', der }, { signer, at, staleCrlHoursAllowed });

const revoked = (revokedAt = AT - 2 * HOUR_MS): CrlWish['revoked'] => [
  { serialNumber: serialNumberOf(scene.person.certPem), revokedAt },
];

/** An authority with our authority's very name, and a key of its own unless it is given ours. */
const nameSake = async (keyPem?: string): Promise<{ issuing: Credential }> => ({
  issuing: await issueCertificate({
    subject: [{ C: ['KZ'] }, { CN: ['Sandbox NCA'] }],
    keyKind: 'ec',
    ...(keyPem === undefined ? {} : { keyPem }),
    from: AT - DAY_MS,
    to: AT + DAY_MS,
    extensions: [],
  }),
});

const reasonOf = (act: () => unknown): string => {
  try {
    return JSON.stringify(act());
  } catch (problem) {
    const { message, cause } = problem as Error;
    return `${message}: ${String((cause as Error | undefined)?.message)}`;
  }
};

const unusable: [string, string, () => Promise<Buffer>][] = [
  ['nothing', 'truncated', async () => Buffer.alloc(0)],
  ['a page of a web server', 'not DER: form', async () => Buffer.from('<html></html>')],
  [
    'a list with bytes after it',
    'bytes after the value',
    async () => Buffer.concat([await list(), Buffer.alloc(1)]),
  ],
  ['a list in BER', 'not DER: length form', async () => indefinite(await list())],
  [
    'a list of another authority',
    'not signed by the issuer',
    async () => list({}, await createAuthority({ at: AT - DAY_MS })),
  ],
  [
    'a list of an authority of the same name',
    'not signed by the issuer',
    async () => list({}, await nameSake()),
  ],
  [
    'a list of the root',
    'of another issuer',
    async () => list({}, { ...scene.authority, issuing: scene.authority.root }),
  ],
  [
    'a list that the person signed',
    'of another issuer',
    async () => list({}, { ...scene.authority, issuing: scene.person }),
  ],
  [
    'a list changed after it was signed',
    'not signed by the issuer',
    async () => changed(await list({ revoked: [{ serialNumber: '11', revokedAt: AT }] })),
  ],
  [
    'a list nobody signed, which is not walked to its end',
    'not signed by the issuer',
    async () => unsigned(await list({ revoked: revoked() })),
  ],
  [
    'a delta list',
    'a partial list',
    async () => list({ extensions: [new x509.Extension('2.5.29.27', true, Buffer.from('020101', 'hex'))] }),
  ],
  [
    'a delta list that does not say so critically',
    'a partial list',
    async () => list({ extensions: [new x509.Extension('2.5.29.27', false, Buffer.from('020101', 'hex'))] }),
  ],
  [
    'a list of some certificates',
    'a partial list',
    async () => list({ extensions: [new x509.Extension('2.5.29.28', true, Buffer.from('3000', 'hex'))] }),
  ],
  [
    'a list with an unknown critical extension',
    'a partial list',
    async () => list({ extensions: [unknownExtension(true)] }),
  ],
  ['a list without an end', 'does not say until when it holds', async () => endless()],
  ['a list with an entry of another issuer', 'an entry that is not understood', async () => indirect()],
  ['a home-made OCSP answer', 'not a revocation list', async () => homeMadeOcspAnswer()],
];

/** Replaces a revoked number by another, as who takes an entry out of a list would. */
function changed(der: Buffer): Buffer {
  const copy = Buffer.from(der);
  copy.writeUInt8(0x12, copy.indexOf(Buffer.from('020111', 'hex')) + 2);
  return copy;
}

/** Entries that are none, in a list of the right name: whoever sits on the way to the list can write these. */
function unsigned(der: Buffer): Buffer {
  const [tbs = der, ...outer] = members(der);
  const [version = der, algorithm = der, issuer = der, from = der, to = der] = members(tbs);
  const entries = tlv(0x30, Buffer.alloc(100_000, Buffer.from('0500', 'hex')));
  return sequence(sequence(version, algorithm, issuer, from, to, entries), ...outer);
}

/** A list that does not say until when it holds, which its syntax allows. */
async function endless(): Promise<Buffer> {
  const { issuing } = scene.authority;
  const made = await x509.X509CrlGenerator.create({
    issuer: nameOf(issuing),
    thisUpdate: new Date(AT - HOUR_MS),
    signingAlgorithm: signingAlgorithm(issuing.keyPem),
    signingKey: await signingKey(issuing.keyPem),
  });
  return Buffer.from(made.rawData);
}

/** A list with an entry of another issuer's certificate, as indirect lists have. */
async function indirect(): Promise<Buffer> {
  const { issuing } = scene.authority;
  const made = await x509.X509CrlGenerator.create({
    issuer: nameOf(issuing),
    thisUpdate: new Date(AT - HOUR_MS),
    nextUpdate: new Date(AT + HOUR_MS),
    entries: [
      { serialNumber: '11', extensions: [new x509.Extension('2.5.29.29', true, Buffer.from('3000', 'hex'))] },
    ],
    signingAlgorithm: signingAlgorithm(issuing.keyPem),
    signingKey: await signingKey(issuing.keyPem),
  });
  return Buffer.from(made.rawData);
}

describe('a certificate is known good', () => {
  it.each(unusable)('not by %s: %s', async (_row, reason, make) => {
    const der = await make();
    expect(reasonOf(() => judge(der, 24))).toBe(`revocation-unavailable: ${reason}`);
  });

  it('not by the list of an authority that may not sign lists', async () => {
    const mayNot = await nameSake(scene.authority.issuing.keyPem);
    const question = { signer: { ...signer, issuerCertificateDer: der(mayNot.issuing) }, at: AT };
    const evidence = { kind: 'crl' as const, der: await list() };
    const asked = (): unknown => assertNotRevoked(evidence, { ...question, staleCrlHoursAllowed: 0 });
    expect(reasonOf(asked)).toBe('revocation-unavailable: not signed by the issuer');
  });

  it('by a fresh list that does not name it, to the second', async () => {
    const der = await list({ at: AT, validForMs: HOUR_MS });
    expect(judge(der, 0, AT)).toEqual({ stale: false });
    expect(judge(der, 0, AT + HOUR_MS)).toEqual({ stale: false });
    expect(() => judge(der, 0, AT + HOUR_MS + 1)).toThrow('revocation-unavailable');
  });

  it('for placing by a list up to 24 hours past its end, marked stale; for lifting not', async () => {
    const der = await list({ at: AT, validForMs: HOUR_MS });
    const end = AT + HOUR_MS;
    expect(judge(der, 24, end)).toEqual({ stale: false });
    expect(judge(der, 24, end + 1)).toEqual({ stale: true });
    expect(judge(der, 24, end + DAY_MS)).toEqual({ stale: true });
    expect(() => judge(der, 24, end + DAY_MS + 1)).toThrow('revocation-unavailable');
    expect(() => judge(der, 0, end + DAY_MS)).toThrow('revocation-unavailable');
  });

  it("by a list whose issuer's clock is a minute ahead, and no more", async () => {
    expect(judge(await list({ at: AT + 60_000 }))).toEqual({ stale: false });
    const later = await list({ at: AT + 61_000 });
    expect(() => judge(later)).toThrow('revocation-unavailable');
  });

  it('by a list that openssl reads and verifies', async () => {
    const read = openssl(
      { 'list.der': await list({ revoked: revoked() }), 'ca.pem': scene.authority.issuing.certPem },
      ...['crl', '-inform', 'DER', '-in', 'list.der', '-CAfile', 'ca.pem', '-noout', '-text'],
    ).toString();
    expect(read.replaceAll(/\s/g, '').toLowerCase()).toContain(serialNumberOf(scene.person.certPem));
  });

  it('never once its issuer has listed it, however old the list and whenever it was revoked', async () => {
    const now = await list({ revoked: revoked() });
    expect(() => judge(now)).toThrow('certificate-revoked');
    expect(() => judge(now, 24, AT + 40 * DAY_MS)).toThrow('certificate-revoked');
    const among = await list({
      revoked: [
        { serialNumber: '11', revokedAt: AT },
        ...revoked(AT + DAY_MS),
        { serialNumber: '12', revokedAt: AT },
      ],
    });
    expect(() => judge(among)).toThrow('certificate-revoked');
  });

  it('not by an answer of another kind', async () => {
    const der = await list();
    const question = { signer, at: AT, staleCrlHoursAllowed: 0 as const };
    expect(() => assertNotRevoked({ kind: 'ncanode', der }, question)).toThrow('revocation-unavailable');
  });
});

describe('a signature that was kept', () => {
  const kept = { document: DOCUMENT, at: AT, staleCrlHoursAllowed: 0 as const };

  it('is judged again from its bytes as it was', async () => {
    const cms = buildCms({ signer: scene.person, document: DOCUMENT, crls: [homeMadeOcspAnswer()] });
    const good = { kind: 'crl' as const, der: await list() };
    const again = { ...kept, cms, trust: scene.trust, revocation: good };
    expect((await verifyAgain(again)).iin).toBe(IIN);
    expect(signerToAsk(again)).toEqual({
      certificateDer: signer.certificateDer,
      issuerCertificateDer: signer.issuerCertificateDer,
      unpinned: [],
    });
  });

  it('is found out when document, signature or list were changed since', async () => {
    const cms = buildCms({ signer: scene.person, document: DOCUMENT });
    const good = { kind: 'crl' as const, der: await list() };
    const again = { ...kept, cms, trust: scene.trust, revocation: good };
    const flipped = Buffer.from(cms);
    flipped.writeUInt8(flipped.readUInt8(cms.length - 1) ^ 1, cms.length - 1);
    await expect(verifyAgain({ ...again, document: Buffer.from('{}') })).rejects.toThrow(
      'signature-content-differs',
    );
    await expect(verifyAgain({ ...again, cms: flipped })).rejects.toThrow('signature-not-valid');
    const listed = { kind: 'crl' as const, der: await list({ revoked: revoked() }) };
    await expect(verifyAgain({ ...again, revocation: listed })).rejects.toThrow('certificate-revoked');
    await expect(verifyAgain({ ...again, at: AT + 2 * DAY_MS })).rejects.toThrow('revocation-unavailable');
  });

  it('is not saved by an OCSP answer its signer put inside: the list decides', async () => {
    const cms = buildCms({
      signer: scene.person,
      document: DOCUMENT,
      crls: [homeMadeOcspAnswer(), await list()],
    });
    const listed = { kind: 'crl' as const, der: await list({ revoked: revoked() }) };
    const again = { ...kept, cms, trust: scene.trust, revocation: listed };
    await expect(verifyAgain(again)).rejects.toThrow('certificate-revoked');
  });
});

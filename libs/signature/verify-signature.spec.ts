/** Signatures made by openssl and by the phone's own program, good and bad, with every kind of key. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { issuePerson, serialNumberOf } from '../../apps/sandbox/nca/nca.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import { openssl, opensslCms } from '../../test/support/hostile-cms.js';
import { AT, DAY_MS, DOCUMENT, IIN, makeScene, type Scene } from '../../test/support/signing-scene.js';
import { sha256 } from './digest.js';
import { verifySignature } from './verify-signature.js';

let scene: Scene;
const signers = new Map<string, Credential>();
const signer = (kind: string): Credential => {
  const found = signers.get(kind);
  if (found === undefined) throw new Error(`no signer ${kind}`);
  return found;
};

/** Keys node's WebCrypto would not make a certificate for are certified all the same. */
const foreignKey = (type: 'ec' | 'ed25519' | 'rsa', options: object): string =>
  generateKeyPairSync(type as 'ec', {
    ...(options as { namedCurve: string }),
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

beforeAll(async () => {
  scene = await makeScene();
  const name = { surname: 'ТЕСТ', given: 'ӘСЕМ' };
  signers.set('EC P-256', scene.person);
  signers.set('EC P-384', await scene.certify({ keyPem: foreignKey('ec', { namedCurve: 'P-384' }) }));
  signers.set(
    'RSA-2048',
    await issuePerson(scene.authority, { iin: IIN, name, keyKind: 'rsa', at: AT - DAY_MS }),
  );
  signers.set('RSA-1024', await scene.certify({ keyPem: foreignKey('rsa', { modulusLength: 1024 }) }));
  signers.set('RSA-2047', await scene.certify({ keyPem: foreignKey('rsa', { modulusLength: 2047 }) }));
  signers.set('EC secp256k1', await scene.certify({ keyPem: foreignKey('ec', { namedCurve: 'secp256k1' }) }));
  signers.set('EC P-521', await scene.certify({ keyPem: foreignKey('ec', { namedCurve: 'P-521' }) }));
});

const verify = async (cms: Buffer, document = DOCUMENT): Promise<string> => {
  try {
    return (await verifySignature({ cms, document, at: AT, trust: scene.trust })).iin;
  } catch (problem) {
    return String((problem as Error).message);
  }
};

const made = (kind: string, ...args: string[]): Buffer =>
  opensslCms({ signer: signer(kind), document: DOCUMENT }, ...args);

describe('a signature made by openssl', () => {
  it.each([
    ['RSA-2048', 'detached', ['-binary']],
    ['RSA-2048', 'attached', ['-binary', '-nodetach']],
    ['EC P-256', 'detached', ['-binary']],
    ['EC P-256', 'attached', ['-binary', '-nodetach']],
    ['EC P-384', 'with SHA-384', ['-binary', '-md', 'sha384']],
    ['RSA-2048', 'with SHA-512', ['-binary', '-md', 'sha512']],
    ['EC P-256', 'naming its signer by key', ['-binary', '-nodetach', '-keyid']],
  ])('by %s, %s, is the person of its certificate', async (kind, _how, args) => {
    expect(await verify(made(kind, ...args))).toBe(IIN);
  });

  it.each([
    ['signature-malformed', 'without signed attributes', 'EC P-256', ['-binary', '-nodetach', '-noattr']],
    ['signature-malformed', 'in BER, streamed', 'EC P-256', ['-binary', '-nodetach', '-stream']],
    [
      'signature-malformed',
      'over another content type',
      'EC P-256',
      ['-binary', '-nodetach', '-econtent_type', '1.2.840.113549.1.9.16.1.4'],
    ],
    ['signature-malformed', 'in PEM', 'EC P-256', ['-binary', '-nodetach', '-outform', 'PEM']],
    ['signature-malformed', 'in S/MIME', 'EC P-256', ['-binary', '-nodetach', '-outform', 'SMIME']],
    ['signature-content-differs', 'with line ends turned into those of mail', 'EC P-256', ['-nodetach']],
    ['signature-not-valid', 'with SHA-1', 'EC P-256', ['-binary', '-md', 'sha1']],
    ['signature-not-valid', 'with SHA-1 on RSA', 'RSA-2048', ['-binary', '-md', 'sha1']],
    ['signature-not-valid', 'with SHA-224', 'RSA-2048', ['-binary', '-md', 'sha224']],
    ['signature-not-valid', 'with RSA-PSS', 'RSA-2048', ['-binary', '-keyopt', 'rsa_padding_mode:pss']],
    ['signature-not-valid', 'without its certificate', 'EC P-256', ['-binary', '-nocerts']],
    ['signature-not-valid', 'by RSA of 1024 bits', 'RSA-1024', ['-binary']],
    ['signature-not-valid', 'by RSA of 2047 bits', 'RSA-2047', ['-binary']],
    ['signature-not-valid', 'on a curve of another family', 'EC secp256k1', ['-binary']],
    ['signature-not-valid', 'on a curve not in the list', 'EC P-521', ['-binary']],
  ])('is %s %s', async (code, _how, kind, args) => {
    const cms = opensslCms(
      { signer: signer(kind), document: Buffer.concat([DOCUMENT, Buffer.from('\n')]) },
      ...args,
    );
    expect(await verify(cms, Buffer.concat([DOCUMENT, Buffer.from('\n')]))).toBe(code);
  });

  it('by two people is signature-malformed', async () => {
    const second = signer('RSA-2048');
    const files = { 'cert2.pem': second.certPem, 'key2.pem': second.keyPem };
    const more = ['-signer', 'cert2.pem', '-inkey', 'key2.pem', '-binary', '-nodetach'];
    expect(await verify(opensslCms({ signer: scene.person, document: DOCUMENT, files }, ...more))).toBe(
      'signature-malformed',
    );
  });

  it('of other bytes is signature-content-differs', async () => {
    expect(await verify(made('EC P-256', '-binary'), Buffer.from('{}'))).toBe('signature-content-differs');
    expect(await verify(made('EC P-256', '-binary', '-nodetach'), Buffer.from('{}'))).toBe(
      'signature-content-differs',
    );
  });
});

describe('a signature made by the phone', () => {
  it.each([
    ['RSA-2048', false],
    ['RSA-2048', true],
    ['EC P-256', false],
    ['EC P-256', true],
  ])('by %s, detached %s, is accepted here and by openssl', async (kind, detached) => {
    const cms = await signDocument({ document: DOCUMENT, ...signer(kind), at: AT, detached });
    expect(await verify(cms)).toBe(IIN);
    const verified = openssl(
      { cms, doc: DOCUMENT },
      ...['cms', '-verify', '-noverify', '-binary', '-inform', 'DER', '-in', 'cms'],
      ...(detached ? ['-content', 'doc'] : []),
    );
    expect(verified).toEqual(DOCUMENT);
  });
});

describe('what is known of a signer', () => {
  it('names certificate, issuer, number and signature as they are', async () => {
    const cms = await signDocument({ document: DOCUMENT, ...scene.person, at: AT });
    const certificate = new X509Certificate(scene.person.certPem);
    expect(await verifySignature({ cms, document: DOCUMENT, at: AT, trust: scene.trust })).toEqual({
      iin: IIN,
      certificateDer: certificate.raw,
      certSha256: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
      issuerCertificateDer: new X509Certificate(scene.authority.issuing.certPem).raw,
      unpinned: [],
      serialNumber: serialNumberOf(scene.person.certPem),
      certIssuedAt: AT - DAY_MS,
      cmsSha256: sha256(cms),
    });
  });
});

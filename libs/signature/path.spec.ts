/** Which certificates lead to a pinned root, and which only look as if they did. */
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { type Credential, issueCertificate } from '../../apps/sandbox/nca/issue.js';
import { authorityExtensions, createAuthority } from '../../apps/sandbox/nca/nca.js';
import { buildCms, der, integer, members, sequence, set, tlv } from '../../test/support/hostile-cms.js';
import {
  AT,
  DAY_MS,
  DOCUMENT,
  IIN,
  makeScene,
  type Scene,
  unknownExtension,
} from '../../test/support/signing-scene.js';
import { readTrustAnchors, type TrustAnchors } from './trust.js';
import { verifySignature } from './verify-signature.js';
import type { VerifiedSigner } from './verified-signer.js';

const { keyCertSign, cRLSign, digitalSignature, nonRepudiation } = x509.KeyUsageFlags;
let scene: Scene;
beforeAll(async () => {
  scene = await makeScene();
});

interface Given {
  readonly signer: Credential;
  /** Came with the signature, beside the signer's. */
  readonly hints?: readonly Credential[];
  readonly at?: number;
  readonly trust?: TrustAnchors;
}

const verify = ({ signer, hints = [], at = AT, trust = scene.trust }: Given): Promise<VerifiedSigner> => {
  const certificates = [der(signer), ...hints.map(der)];
  const cms = buildCms({ signer, document: DOCUMENT, certificates });
  return verifySignature({ cms, document: DOCUMENT, at, trust });
};

/** The name of the issuing authority. */
const issuingName: x509.JsonNameParams = [{ C: ['KZ'] }, { CN: ['Sandbox NCA'] }];

/** An authority below `issuer`, with what a row changes. */
const authority = (changes: Partial<Parameters<typeof issueCertificate>[0]> = {}): Promise<Credential> =>
  issueCertificate({
    subject: [{ CN: ['Another Authority'] }],
    keyKind: 'ec',
    from: AT - DAY_MS,
    to: AT + DAY_MS,
    issuer: scene.authority.root,
    hash: 'SHA-384',
    extensions: authorityExtensions(0),
    ...changes,
  });

/** A signer below an authority of his own making that came along. */
const under = async (made: Credential): Promise<Given> => ({
  signer: await scene.certify({ issuer: made }),
  hints: [made],
});

const onlyRoot = (): TrustAnchors =>
  readTrustAnchors({ roots: [scene.authority.root.certPem], intermediates: [] });

const refused: [string, () => Promise<Given>][] = [
  ['one that has expired', async () => ({ signer: await scene.certify({ to: AT - 1000 }) })],
  ['one that is not valid yet', async () => ({ signer: await scene.certify({ from: AT + 1000 }) })],
  [
    'one that signs itself',
    async () => ({
      signer: await issueCertificate({
        subject: [{ CN: ['x'] }],
        keyKind: 'ec',
        from: AT - DAY_MS,
        to: AT + DAY_MS,
        extensions: [],
      }),
    }),
  ],
  [
    'one of an unknown authority',
    async () => ({ signer: await scene.certify({ issuer: (await createAuthority({ at: AT })).issuing }) }),
  ],
  [
    'one of an unknown authority that came along with its root',
    async () => {
      const { root, issuing } = await createAuthority({ at: AT });
      return { signer: await scene.certify({ issuer: issuing }), hints: [issuing, root] };
    },
  ],
  [
    'one whose authority is not pinned and did not come along',
    async () => ({ signer: scene.person, trust: onlyRoot() }),
  ],
  [
    'one of an authority that only has the name of ours',
    async () => ({
      signer: await scene.certify({
        issuer: await authority({ issuer: undefined, subject: issuingName }),
      }),
    }),
  ],
  [
    "one whose issuer has our authority's key and another name",
    async () => ({
      signer: await scene.certify({ issuer: await authority({ keyPem: scene.authority.issuing.keyPem }) }),
    }),
  ],
  ['one issued by another person', async () => under(scene.person)],
  [
    'one below an authority that is none',
    async () =>
      under(
        await authority({
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(keyCertSign, true),
          ],
        }),
      ),
  ],
  [
    'one below an authority without constraints',
    async () => under(await authority({ extensions: [new x509.KeyUsagesExtension(keyCertSign, true)] })),
  ],
  [
    'one below an authority that may not certify',
    async () =>
      under(
        await authority({
          extensions: [
            new x509.BasicConstraintsExtension(true, 0, true),
            new x509.KeyUsagesExtension(digitalSignature | cRLSign, true),
          ],
        }),
      ),
  ],
  [
    'one below an authority without usages',
    async () => under(await authority({ extensions: [new x509.BasicConstraintsExtension(true, 0, true)] })),
  ],
  ['one below an authority that has expired', async () => under(await authority({ to: AT - 1000 }))],
  ['one below an authority that is not valid yet', async () => under(await authority({ from: AT + 1000 }))],
  [
    'one below an authority with an unknown critical extension',
    async () => under(await authority({ extensions: [...authorityExtensions(0), unknownExtension(true)] })),
  ],
  ['one below an authority on RSA of 1024 bits', async () => under(await authority({ keyKind: 'rsa-1024' }))],
  [
    'one below an authority that was certified with SHA-1',
    async () => under(await authority({ hash: 'SHA-1' })),
  ],
  ['one certified with SHA-1', async () => ({ signer: await scene.certify({ hash: 'SHA-1' }) })],
  [
    'one below an authority below one that may have none below it',
    async () => {
      const below = await authority({ issuer: scene.authority.issuing, hash: 'SHA-256' });
      return { signer: await scene.certify({ issuer: below }), hints: [below] };
    },
  ],
  [
    'one with an unknown critical extension',
    async () => ({ signer: await scene.certify({ extensions: [unknownExtension(true)] }) }),
  ],
  [
    'one with critical name constraints',
    async () => ({
      signer: await scene.certify({
        extensions: [new x509.Extension('2.5.29.30', true, Buffer.from('3000', 'hex'))],
      }),
    }),
  ],
  [
    'one whose root has expired',
    async () => ({ signer: await scene.certify({ to: AT + 8000 * DAY_MS }), at: AT + 7500 * DAY_MS }),
  ],
  ['one altered after it was issued', async () => ({ signer: altered(scene.person) })],
];

/** The certificate with its validity moved to 2050 and the authority's signature kept. */
function altered(credential: Credential): Credential {
  const [tbs = Buffer.alloc(0), algorithm = Buffer.alloc(0), signature = Buffer.alloc(0)] = members(
    der(credential),
  );
  const parts = members(tbs);
  parts[4] = sequence(members(parts[4] ?? set())[0] ?? integer(0), tlv(0x17, Buffer.from('491231235959Z')));
  const changed = sequence(sequence(...parts), algorithm, signature);
  return { ...credential, certPem: x509.PemConverter.encode(changed, 'CERTIFICATE') };
}

describe('a certificate leads to a pinned root', () => {
  it('not when it names an extension twice, which cannot even be read', async () => {
    const twice = [unknownExtension(false), unknownExtension(false)];
    const signer = await scene.certify({ extensions: twice });
    await expect(verify({ signer })).rejects.toThrow('signature-malformed');
  });

  it.each(refused)('not %s', async (_row, given) => {
    await expect(verify(await given())).rejects.toThrow('certificate-not-trusted');
  });

  it('when its authority is pinned', async () => {
    expect((await verify({ signer: scene.person })).unpinned).toEqual([]);
  });

  it('when its authority came along, which is then to be asked about too', async () => {
    const given = { signer: scene.person, hints: [scene.authority.issuing], trust: onlyRoot() };
    const { iin, unpinned } = await verify(given);
    expect(iin).toBe(IIN);
    expect(unpinned).toEqual([
      { certificateDer: der(scene.authority.issuing), issuerCertificateDer: der(scene.authority.root) },
    ]);
  });

  it('when the root itself issued it', async () => {
    const signer = await scene.certify({ issuer: scene.authority.root, hash: 'SHA-384' });
    expect((await verify({ signer })).issuerCertificateDer).toEqual(der(scene.authority.root));
  });

  it('to the second of its validity, both ends included', async () => {
    const signer = await scene.certify({ from: AT, to: AT + 5000 });
    expect((await verify({ signer, at: AT })).certIssuedAt).toBe(AT);
    expect((await verify({ signer, at: AT + 5000 })).iin).toBe(IIN);
    await expect(verify({ signer, at: AT - 1 })).rejects.toThrow('certificate-not-trusted');
    await expect(verify({ signer, at: AT + 5001 })).rejects.toThrow('certificate-not-trusted');
  });

  it('with an unknown extension that is not critical', async () => {
    const usual = [
      new x509.KeyUsagesExtension(digitalSignature | nonRepudiation, true),
      new x509.ExtendedKeyUsageExtension(['1.2.398.3.3.4.1.1']),
    ];
    expect(
      (await verify({ signer: await scene.certify({ extensions: [...usual, unknownExtension(false)] }) }))
        .iin,
    ).toBe(IIN);
  });

  it('through an authority that took a new key over from its old one', async () => {
    const { issuing } = scene.authority;
    // The issuing authority may have no authority below it, and its old key still vouches for its new one.
    const renewed = await authority({ subject: issuingName, issuer: issuing });
    const { iin, unpinned } = await verify(await under(renewed));
    expect(iin).toBe(IIN);
    expect(unpinned).toEqual([{ certificateDer: der(renewed), issuerCertificateDer: der(issuing) }]);
    const twice = await authority({ subject: issuingName, issuer: renewed });
    expect((await verify({ ...(await under(twice)), hints: [twice, renewed] })).iin).toBe(IIN);
  });

  it('but not through another authority below one that may have none, whatever takes over from itself', async () => {
    const { issuing } = scene.authority;
    const renewed = await authority({ subject: issuingName, issuer: issuing });
    const below = await authority({ issuer: renewed });
    const given = { signer: await scene.certify({ issuer: below }), hints: [below, renewed] };
    await expect(verify(given)).rejects.toThrow('certificate-not-trusted');
  });

  it('not through more authorities than three, whether or not they count', async () => {
    const chain: Credential[] = [];
    for (let at = 0; at < 4; at += 1)
      chain.push(await authority({ subject: issuingName, issuer: chain.at(-1) ?? scene.authority.issuing }));
    const [, , third = scene.person, fourth = scene.person] = chain;
    const trust = readTrustAnchors({ roots: [scene.authority.issuing.certPem], intermediates: [] });
    const through = async (issuer: Credential, hints: Credential[]): Promise<VerifiedSigner> =>
      verify({ signer: await scene.certify({ issuer }), hints, trust });
    expect((await through(third, chain.slice(0, 3))).iin).toBe(IIN);
    await expect(through(fourth, chain)).rejects.toThrow('certificate-not-trusted');
  });

  it('past look-alikes of its authority that came along', async () => {
    const lookAlike = await authority({
      issuer: undefined,
      subject: issuingName,
    });
    const hints = [lookAlike, scene.authority.issuing];
    expect((await verify({ signer: scene.person, hints, trust: onlyRoot() })).iin).toBe(IIN);
  });
});

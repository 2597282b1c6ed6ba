/**
 * The path cases of C2SP/x509-limbo (Apache-2.0, commit 8a2e6f4 of 29 June 2026) as far as a signer's certificate can meet
 * them: the same graphs under the same names, made here with keys of our own. Those left out stand below, each with a reason.
 */
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { type CertificateWish, type Credential, issueCertificate } from '../../apps/sandbox/nca/issue.js';
import { algorithm, der, members, sequence } from '../../test/support/hostile-cms.js';
import { AT, DAY_MS, unknownExtension } from '../../test/support/signing-scene.js';
import { readCertificate } from './certificate.js';
import { trustedPath } from './path.js';

interface Graph {
  readonly roots: readonly Credential[];
  readonly hints?: readonly Credential[];
  readonly leaf: Credential | Buffer;
  readonly at?: number;
}
type Wish = Partial<CertificateWish>;

const { keyCertSign, cRLSign, digitalSignature, nonRepudiation } = x509.KeyUsageFlags;
const constraints = (ca: boolean, pathLength?: number): x509.Extension =>
  new x509.BasicConstraintsExtension(ca, pathLength, true);
const certifies = new x509.KeyUsagesExtension(keyCertSign | cRLSign, true);
const signs = new x509.KeyUsagesExtension(digitalSignature | nonRepudiation, true);
const times = { keyKind: 'ec', from: AT - DAY_MS, to: AT + DAY_MS } as const;

const ca = (name: string, wish: Wish = {}, pathLength?: number): Promise<Credential> =>
  issueCertificate({
    ...{ ...times, subject: [{ CN: [name] }], extensions: [constraints(true, pathLength), certifies] },
    ...wish,
  });
const ee = (issuer: Credential, wish: Wish = {}): Promise<Credential> =>
  issueCertificate({ ...times, subject: [{ CN: ['ee'] }], extensions: [signs], issuer, ...wish });

let root: Credential;
let ica: Credential;
beforeAll(async () => {
  root = await ca('root');
  ica = await ca('ica', { issuer: root });
});

/** A chain below the root whose authorities have these path lengths. */
const chain = async (...lengths: number[]): Promise<Graph> => {
  const hints: Credential[] = [];
  for (const [at, length] of lengths.entries())
    hints.push(await ca(`ica ${String(at)}`, { issuer: hints.at(-1) ?? root }, length));
  return { roots: [root], hints, leaf: await ee(hints.at(-1) ?? root) };
};
/** A leaf below one authority with other extensions. */
const below = async (extensions: readonly x509.Extension[], wish: Wish = {}): Promise<Graph> => {
  const made = await ca('made', { issuer: root, extensions, ...wish });
  return { roots: [root], hints: [made], leaf: await ee(made) };
};
const rootWith = async (wish: Wish): Promise<Graph> => {
  const made = await ca('made', wish);
  return { roots: [made], leaf: await ee(made) };
};
/** The parts of a certificate written anew, for what no library writes. */
const rewritten = (from: Credential, change: (tbs: Buffer[]) => Buffer[]): Buffer => {
  const [tbs = Buffer.alloc(0), ...rest] = members(der(from));
  return sequence(sequence(...change(members(tbs))), ...rest);
};

const valid: Readonly<Record<string, () => Promise<Graph>>> = {
  'pathlen::ee-with-intermediate-pathlen-0': () => chain(0),
  'pathlen::ee-with-intermediate-pathlen-1': () => chain(1),
  'pathlen::ee-with-intermediate-pathlen-2': () => chain(2),
  'pathlen::intermediate-pathlen-may-increase': () => chain(1, 2),
  'pathlen::validation-ignores-pathlen-in-leaf': async () => {
    const made = await ca('made', { issuer: root }, 0);
    return { roots: [root], hints: [made], leaf: await ca('leaf', { issuer: made }, 0) };
  },
  'pathlen::self-issued-certs-pathlen': async () => {
    const old = await ca('made', { issuer: root }, 0);
    const renewed = await ca('made', { issuer: old }, 0);
    return { roots: [root], hints: [old, renewed], leaf: await ee(renewed) };
  },
  'rfc5280::unknown-critical-extension-unrelated-root': async () => ({
    roots: [await ca('other', { extensions: [constraints(true), certifies, unknownExtension(true)] }), root],
    leaf: await ee(root),
  }),
  'rfc5280::unknown-critical-extension-unrelated-intermediate': async () => ({
    roots: [root],
    hints: [
      await ca('ica', { issuer: root, extensions: [constraints(true), certifies, unknownExtension(true)] }),
      ica,
    ],
    leaf: await ee(ica),
  }),
  'rfc5280::no-keyusage': async () => ({
    roots: [root],
    hints: [ica],
    leaf: await ee(ica, { extensions: [constraints(false)] }),
  }),
  'rfc5280::no-basicconstraints': async () => ({ roots: [root], hints: [ica], leaf: await ee(ica) }),
  'rfc5280::root-and-intermediate-swapped': async () => ({
    roots: [ica],
    hints: [root],
    leaf: await ee(ica),
  }),
  'rfc5280::validity::notbefore-exact': async () => ({ roots: [root], leaf: await ee(root, { from: AT }) }),
  'rfc5280::validity::notafter-exact': async () => ({ roots: [root], leaf: await ee(root, { to: AT }) }),
  'cve::cve-2024-0567': async () => {
    const [b, c] = [await ca('b'), await ca('c')];
    const crossed = async (of: Credential, name: string, issuer: Credential): Promise<Credential> =>
      ca(name, { keyPem: of.keyPem, issuer });
    const hints = [
      await crossed(root, 'root', b),
      await crossed(b, 'b', root),
      await crossed(b, 'b', c),
      ica,
    ];
    return { roots: [root], hints, leaf: await ee(ica) };
  },
};

const invalid: Readonly<Record<string, () => Promise<Graph>>> = {
  'pathlen::intermediate-violates-pathlen-0': () => chain(0, 0),
  'pathlen::intermediate-pathlen-too-long': () => chain(2, 0, 1),
  'rfc5280::unknown-critical-extension-ee': async () => ({
    roots: [root],
    leaf: await ee(root, { extensions: [signs, unknownExtension(true)] }),
  }),
  'rfc5280::unknown-critical-extension-root': () =>
    rootWith({ extensions: [constraints(true), certifies, unknownExtension(true)] }),
  'rfc5280::unknown-critical-extension-intermediate': () =>
    below([constraints(true), certifies, unknownExtension(true)]),
  'rfc5280::chain-untrusted-root': async () => ({
    roots: [await ca('root')],
    hints: [root, ica],
    leaf: await ee(ica),
  }),
  'rfc5280::intermediate-ca-without-ca-bit': () => below([constraints(false), certifies]),
  'rfc5280::intermediate-ca-missing-basic-constraints': () => below([certifies]),
  'rfc5280::root-missing-basic-constraints': () => rootWith({ extensions: [certifies] }),
  'rfc5280::root-inconsistent-ca-extensions': () => rootWith({ extensions: [constraints(false), certifies] }),
  'rfc5280::ica-ku-keycertsign': () => below([constraints(true), signs]),
  'rfc5280::duplicate-extensions': async () => ({
    roots: [root],
    leaf: await ee(root, { extensions: [signs, unknownExtension(false), unknownExtension(false)] }),
  }),
  'rfc5280::mismatching-signature-algorithm': async () => {
    const leaf = await ee(root);
    return {
      roots: [root],
      leaf: rewritten(leaf, (tbs) =>
        tbs.map((part, at) => (at === 2 ? algorithm('1.2.840.10045.4.3.3') : part)),
      ),
    };
  },
  'rfc5280::ee-critical-aia-invalid': async () => ({
    roots: [root],
    leaf: await ee(root, {
      extensions: [signs, new x509.Extension('1.3.6.1.5.5.7.1.1', true, Buffer.from('3000', 'hex'))],
    }),
  }),
  'rfc5280::nc::permitted-dns-mismatch': () =>
    below([
      ...[constraints(true), certifies],
      new x509.Extension('2.5.29.30', true, Buffer.from('300fa00d300b82096261722e746573742e', 'hex')),
    ]),
  'rfc5280::validity::expired-root': () => rootWith({ to: AT - 1000 }),
  'rfc5280::validity::expired-intermediate': () => below([constraints(true), certifies], { to: AT - 1000 }),
  'rfc5280::validity::expired-leaf': async () => ({
    roots: [root],
    leaf: await ee(root, { to: AT - DAY_MS / 2 }),
  }),
  'rfc5280::validity::notbefore-fractional': async () => ({
    roots: [root],
    leaf: await ee(root, { from: AT }),
    at: AT - 500,
  }),
  'rfc5280::validity::expired-1-second': async () => ({
    roots: [root],
    leaf: await ee(root, { to: AT - 1000 }),
  }),
  'rfc5280::validity::expired-5-seconds': async () => ({
    roots: [root],
    leaf: await ee(root, { to: AT - 5000 }),
  }),
  'rfc5280::validity::not-yet-valid-1-second': async () => ({
    roots: [root],
    leaf: await ee(root, { from: AT + 1000 }),
  }),
  'rfc5280::validity::not-yet-valid-5-seconds': async () => ({
    roots: [root],
    leaf: await ee(root, { from: AT + 5000 }),
  }),
  'invalid::invalid-issuer-key': async () => ({ roots: [root], leaf: await ee(await ca('root')) }),
  'webpki::v1-cert': async () => ({
    roots: [root],
    leaf: rewritten(await ee(root), (tbs) => tbs.slice(1, 7)),
  }),
  'webpki::forbidden-weak-rsa-key-in-root': () => rootWith({ keyKind: 'rsa-1024' }),
};

/** Cases or groups of cases that are not run, and why. */
const excluded: Readonly<Record<string, string>> = {
  'bettertls::': 'names of TLS servers: a signer has none, and nobody here asks for one',
  'online::': 'certificates of public web sites at a date of their own',
  'crl::': 'lists have specs of their own (revocation.spec.ts), with the delays the law allows',
  'pathlen::max-chain-depth-': 'the depth is no argument here: three authorities, held by path.spec.ts',
  'pathological::':
    'name constraints and numbers of names: certificates with critical ones are refused unread',
  'rfc5280::nc::': 'no constraint is understood, so a critical one is refused; the one case above holds it',
  'rfc5280::pc::': 'policy constraints: no policy decides anything here',
  'rfc5280::san::': 'alternative names are not read: a person is told by the subject alone',
  'rfc5280::serial::':
    'numbers are the pinned authority’s to choose; a certificate is named by all its bytes',
  'rfc5280::aki::':
    'the key identifier is a hint; each signature is computed. A critical one is refused, as any',
  'rfc5280::ski::': 'the same; and only a signature that names its signer so reads it',
  'rfc5280::eku::': 'purposes are judged by signing-person.spec.ts, for people and not for TLS',
  'rfc5280::ee-empty-issuer':
    'names are compared as bytes; an authority without a name would have to be pinned',
  'rfc5280::ca-empty-subject': 'the same',
  'rfc5280::root-non-critical-basic-constraints': 'a root is trusted because it is pinned, not for this bit',
  'rfc5280::leaf-ku-keycertsign': 'what a key may do is judged after the path: signing-person.spec.ts',
  'rfc5280::ca-as-leaf': 'the same',
  'rfc5280::ca-as-leaf-wrong-san': 'alternative names are not read',
  'rfc5280::ee-aia': 'an extension that is not critical is passed over, held by path.spec.ts',
  'rfc5280::validity::notafter-fractional':
    'half a second past the last second: taken there, refused here, which is the safer reading',
  'cve::cve-2025-61727': 'name constraints against names of TLS servers',
  'webpki::': 'the profile of web servers, but for the two cases above',
};

describe('a path of x509-limbo', () => {
  const judged = async (made: Promise<Graph>): Promise<number> => {
    const { roots, hints = [], leaf, at = AT } = await made;
    const read = (each: Credential) => readCertificate(der(each));
    const certificate = Buffer.isBuffer(leaf) ? readCertificate(leaf) : read(leaf);
    const trust = { roots: roots.map(read), intermediates: [] };
    return trustedPath({ certificate, hints: hints.map(read), trust, at }).length;
  };

  it.each(Object.entries(valid))('is found: %s', async (_id, make) => {
    expect(await judged(make())).toBeGreaterThan(0);
  });

  it.each(Object.entries(invalid))('is refused: %s', async (_id, make) => {
    await expect(judged(make())).rejects.toThrow(
      /certificate-not-trusted|malformed extension|two signature algorithms|version 3|part of the certificate/,
    );
  });

  it('is left out for a reason, or stands above', () => {
    const run = [...Object.keys(valid), ...Object.keys(invalid)];
    const both = run.filter((id) => Object.hasOwn(excluded, id));
    expect(both).toEqual([]);
    for (const reason of Object.values(excluded)) expect(reason.length).toBeGreaterThan(5);
  });
});

/** An attribute that names the signer's certificate (CAdES) must name the one that came. */
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import {
  algorithm,
  attribute,
  buildCms,
  contentType,
  der,
  ID,
  integer,
  members,
  messageDigest,
  octets,
  opensslCms,
  sequence,
  tlv,
} from '../../test/support/hostile-cms.js';
import { national, nationalCms } from '../../test/support/national.js';
import { AT, DOCUMENT, IIN, makeScene, type Scene } from '../../test/support/signing-scene.js';
import { nationalSigner } from './national-signer.js';
import { readTrustAnchors } from './trust.js';
import { verifySignature } from './verify-signature.js';

const V1 = '1.2.840.113549.1.9.16.2.12';
const V2 = '1.2.840.113549.1.9.16.2.47';
const GOST_DIGEST = '1.2.398.3.10.1.3.3';
let scene: Scene;
/** Another certificate of the same key and person. */
let other: Credential;
beforeAll(async () => {
  scene = await makeScene();
  other = await scene.certify();
});

const hash = (name: string, of: Credential): Buffer => octets(createHash(name).update(der(of)).digest());

/** IssuerSerial of a certificate. */
function issuerSerial(of: Credential): Buffer {
  const [tbs = Buffer.alloc(0)] = members(der(of));
  const [, serial = tbs, , issuer = tbs] = members(tbs);
  return sequence(sequence(tlv(0xa4, issuer)), serial);
}

/** One attribute over a list of one identifier with these members. */
const naming = (type: string, ...identifier: readonly Buffer[]): Buffer =>
  attribute(type, sequence(sequence(sequence(...identifier))));

/** Sorted, because the attributes are a SET in DER. */
const attributes = (...naming: readonly Buffer[]): Buffer[] =>
  [contentType(), messageDigest(DOCUMENT), ...naming].sort((a, b) => Buffer.compare(a, b));

const verified = async (...naming: readonly Buffer[]): Promise<string> => {
  const cms = buildCms({ signer: scene.person, document: DOCUMENT, attributes: attributes(...naming) });
  return (await verifySignature({ cms, document: DOCUMENT, at: AT, trust: scene.trust })).iin;
};

describe('an attribute that names the certificate of the signer', () => {
  const taken: [string, () => Buffer[]][] = [
    ['its digest', () => [naming(V2, hash('sha256', scene.person))]],
    [
      'its digest, with the algorithm',
      () => [naming(V2, algorithm(ID.sha256), hash('sha256', scene.person))],
    ],
    ['a longer digest', () => [naming(V2, algorithm(ID.sha512), hash('sha512', scene.person))]],
    [
      'its digest, issuer and number',
      () => [naming(V2, hash('sha256', scene.person), issuerSerial(scene.person))],
    ],
    [
      'its SHA-1 digest in the older form',
      () => [naming(V1, hash('sha1', scene.person), issuerSerial(scene.person))],
    ],
    [
      'it in both forms',
      () => [naming(V1, hash('sha1', scene.person)), naming(V2, hash('sha256', scene.person))],
    ],
    [
      'it first and its authority after it, with a policy',
      () => {
        const list = sequence(
          sequence(hash('sha256', scene.person)),
          sequence(hash('sha256', scene.authority.issuing)),
        );
        return [attribute(V2, sequence(list, sequence(sequence(Buffer.from('06032a0304', 'hex')))))];
      },
    ],
  ];
  it.each(taken)('counts when it gives %s', async (_row, make) => {
    expect(await verified(...make())).toBe(IIN);
  });

  const others: [string, () => Buffer[]][] = [
    ['the digest of another certificate of the same key', () => [naming(V2, hash('sha256', other))]],
    ['the SHA-1 digest of another in the older form', () => [naming(V1, hash('sha1', other))]],
    [
      'its digest and the number of another',
      () => [naming(V2, hash('sha256', scene.person), issuerSerial(other))],
    ],
    [
      'the digest of another and its number',
      () => [naming(V2, hash('sha256', other), issuerSerial(scene.person))],
    ],
    [
      'it in one form and another in the other',
      () => [naming(V1, hash('sha1', other)), naming(V2, hash('sha256', scene.person))],
    ],
    ['its authority', () => [naming(V2, hash('sha256', scene.authority.issuing))]],
    [
      'its digest by a shorter algorithm than it says',
      () => [naming(V2, algorithm(ID.sha512), hash('sha256', scene.person))],
    ],
    [
      'a digest that cannot be computed here',
      () => [naming(V2, algorithm(GOST_DIGEST), hash('sha256', scene.person), issuerSerial(scene.person))],
    ],
    ['no digest at all', () => [naming(V2, octets(Buffer.alloc(0)))]],
    [
      'another one before it',
      () => [
        attribute(
          V2,
          sequence(sequence(sequence(hash('sha256', other)), sequence(hash('sha256', scene.person)))),
        ),
      ],
    ],
  ];
  it.each(others)('is signature-not-valid when it gives %s', async (_row, make) => {
    await expect(verified(...make())).rejects.toThrow('signature-not-valid');
  });

  const malformed: [string, () => Buffer[]][] = [
    ['lists nobody', () => [attribute(V2, sequence(sequence()))]],
    ['is no list', () => [attribute(V2, integer(1))]],
    ['has two values', () => [attribute(V2, sequence(), sequence())]],
    ['has none', () => [attribute(V2)]],
    ['comes twice', () => [naming(V2, hash('sha256', scene.person)), naming(V2, hash('sha256', other))]],
    [
      'has members nobody knows',
      () => [naming(V2, hash('sha256', scene.person), issuerSerial(scene.person), integer(1))],
    ],
    [
      'names an algorithm in the form that has none',
      () => [naming(V1, algorithm(ID.sha256), hash('sha256', scene.person))],
    ],
    [
      'names an issuer without a number',
      () => [naming(V2, hash('sha256', scene.person), sequence(sequence()))],
    ],
  ];
  it.each(malformed)('is signature-malformed when it %s', async (_row, make) => {
    await expect(verified(...make())).rejects.toThrow('signature-malformed');
  });

  it('is what openssl writes with -cades, in both forms', async () => {
    for (const more of [[], ['-md', 'sha512']]) {
      const cms = opensslCms(
        { signer: scene.person, document: DOCUMENT },
        '-cades',
        '-binary',
        '-nodetach',
        ...more,
      );
      const { iin } = await verifySignature({ cms, document: DOCUMENT, at: AT, trust: scene.trust });
      expect(iin).toBe(IIN);
    }
  });

  it('names a national certificate by issuer and number, whose digest nobody here computes', () => {
    const signer = national(scene.person);
    const named = (...identifier: Buffer[]): (() => string) => {
      const given = attributes(naming(V2, algorithm(GOST_DIGEST), hash('sha256', signer), ...identifier));
      const cms = nationalCms(signer, DOCUMENT, { attributes: given });
      return () => nationalSigner({ cms, document: DOCUMENT, at: AT, trust: scene.trust }).iin;
    };
    expect(named(issuerSerial(signer))()).toBe(IIN);
    expect(named(issuerSerial(other))).toThrow('signature-not-valid');
    expect(named()).toThrow('signature-not-valid');
  });
});

interface Case {
  readonly name: string;
  readonly cms: string;
  readonly want: string;
}
const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/signature-cases.json', import.meta.url), 'utf8'),
) as {
  readonly document: string;
  readonly at: string;
  readonly root: string;
  readonly cases: readonly Case[];
};

describe('signatures made elsewhere', () => {
  const pem = `-----BEGIN CERTIFICATE-----\n${vectors.root}\n-----END CERTIFICATE-----`;
  const trust = readTrustAnchors({ roots: [pem], intermediates: [] });
  const document = Buffer.from(vectors.document, 'base64');

  it.each(vectors.cases)('$name: $want', async ({ cms, want }) => {
    const input = { cms: Buffer.from(cms, 'base64'), document, at: Date.parse(vectors.at), trust };
    const said = await verifySignature(input).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
    expect(said).toBe(want);
  });
});

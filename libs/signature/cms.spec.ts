/** Structure, content and signed attributes, from the most broken file to the valid one. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  attribute,
  buildCms,
  type CmsParts,
  contentType,
  der,
  homeMadeOcspAnswer,
  ID,
  indefinite,
  integer,
  issuerAndSerial,
  members,
  messageDigest,
  nested,
  octets,
  oid,
  sequence,
  set,
  tlv,
} from '../../test/support/hostile-cms.js';
import { AT, DOCUMENT, IIN, makeScene, type Scene } from '../../test/support/signing-scene.js';
import { verifySignature } from './verify-signature.js';

let scene: Scene;
beforeAll(async () => {
  scene = await makeScene();
});

const verdict = async (cms: Buffer, document = DOCUMENT): Promise<string> => {
  try {
    return (await verifySignature({ cms, document, at: AT, trust: scene.trust })).iin;
  } catch (problem) {
    const { message, cause } = problem as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
};

/** An honest signature but for `changes`. */
const cmsWith = (changes: Partial<CmsParts> = {}): Buffer =>
  buildCms({ signer: scene.person, document: DOCUMENT, ...changes });

/** `value` with the child at each step of `path` replaced, outermost first. */
function edit(value: Buffer, path: readonly number[], change: (old: Buffer) => Buffer): Buffer {
  const [at, ...rest] = path;
  if (at === undefined) return change(value);
  const children = members(value).map((child, n) => (n === at ? edit(child, rest, change) : child));
  return tlv(value.readUInt8(0), ...children);
}

const SIGNED_DATA = [1, 0];
const SIGNER = [...SIGNED_DATA, 4, 0];
const padLength = (value: Buffer): Buffer =>
  Buffer.concat([value.subarray(0, 1), Buffer.from([0x81]), value.subarray(1)]);

const malformed: [string, string, () => Buffer][] = [
  ['nothing at all', 'truncated', () => Buffer.alloc(0)],
  ['text', 'truncated', () => Buffer.from('not a signature')],
  [
    'PEM',
    'not DER: form',
    () => Buffer.from(`-----BEGIN CMS-----\n${cmsWith().toString('base64')}\n-----END CMS-----\n`),
  ],
  ['a certificate', 'an OBJECT IDENTIFIER was expected', () => der(scene.person)],
  ['half a signature', 'truncated', () => cmsWith().subarray(0, 300)],
  ['65 KiB', 'too many bytes', () => cmsWith({ document: Buffer.alloc(65 * 1024, 'a') })],
  ['one byte after it', 'bytes after the value', () => Buffer.concat([cmsWith(), Buffer.alloc(1)])],
  ['a second value after it', 'bytes after the value', () => Buffer.concat([cmsWith(), integer(0)])],
  [
    'a member after the content',
    'not SignedData',
    () => edit(cmsWith(), [], (all) => sequence(...members(all), integer(0))),
  ],
  [
    'an object identifier of 60 000 arcs',
    'an object identifier too long',
    () => edit(cmsWith(), [0], () => tlv(0x06, Buffer.alloc(60_000, 1))),
  ],
  [
    'a relative one of 60 000 arcs',
    'an object identifier too long',
    () => edit(cmsWith(), [0], () => tlv(0x0d, Buffer.alloc(60_000, 1))),
  ],
  [
    '30 000 empty values',
    'not readable as ASN.1',
    () => cmsWith({ unsigned: Array<Buffer>(30_000).fill(sequence()) }),
  ],
  ['an indefinite length outside', 'not DER: length form', () => indefinite(cmsWith())],
  ['an indefinite length inside', 'not DER: length form', () => edit(cmsWith(), SIGNED_DATA, indefinite)],
  ['a length longer than needed', 'not DER: length', () => edit(cmsWith(), [...SIGNED_DATA, 1], padLength)],
  [
    'content in fragments',
    'not DER: form',
    () => edit(cmsWith(), [...SIGNED_DATA, 2, 1, 0], (old) => tlv(0x24, old)),
  ],
  [
    'a version with a leading zero',
    'not DER: integer',
    () => edit(cmsWith(), [...SIGNED_DATA, 0], () => Buffer.from('02020001', 'hex')),
  ],
  [
    'an object identifier with padding',
    'not DER: object identifier',
    () => edit(cmsWith(), [0], (old) => tlv(0x06, Buffer.from([0x2a, 0x80]), old.subarray(3))),
  ],
  [
    'a high tag number',
    'high tag numbers are not used here',
    () => cmsWith({ unsigned: [Buffer.from('1f8101', 'hex')] }),
  ],
  ['33 levels', 'nested too deep', () => cmsWith({ unsigned: [nested(33 - 6)] })],
  ['EnvelopedData', 'not SignedData', () => edit(cmsWith(), [0], () => oid('1.2.840.113549.1.7.3'))],
  ['content of another type', 'not over id-data', () => cmsWith({ eContentType: ID.timeStampInfo })],
  [
    'a signature inside the signature',
    'not over id-data',
    () => cmsWith({ eContentType: ID.signedData, content: cmsWith() }),
  ],
  [
    'two contents',
    'more than one content',
    () => edit(cmsWith(), [...SIGNED_DATA, 2, 1], (old) => tlv(0xa0, ...members(old), octets(DOCUMENT))),
  ],
  [
    'content that is not an octet string',
    'an OCTET STRING was expected',
    () => edit(cmsWith(), [...SIGNED_DATA, 2, 1, 0], () => nested(1)),
  ],
  ['no signer', 'a SEQUENCE was expected', () => edit(cmsWith(), [...SIGNED_DATA, 4], () => set())],
  [
    'two signers',
    'not exactly one signer',
    () => edit(cmsWith(), [...SIGNED_DATA, 4], (old) => set(...members(old), ...members(old))),
  ],
  ['members after the signers', 'not exactly one signer', () => cmsWith({ afterSigners: [set()] })],
  [
    'six certificates',
    'too many certificates',
    () => cmsWith({ certificates: Array.from({ length: 6 }, () => der(scene.person)) }),
  ],
  [
    'something else among the certificates',
    'not a certificate',
    () => cmsWith({ certificates: [der(scene.person), nested(2)] }),
  ],
  [
    'a certificate with two signature algorithms',
    'two signature algorithms',
    () =>
      cmsWith({ certificates: [edit(der(scene.person), [1], () => sequence(oid('1.2.840.10045.4.3.4')))] }),
  ],
  ['version 3 of the data', 'a wrong version', () => cmsWith({ version: 3 })],
  ['version 3 of the signer', 'a wrong version', () => cmsWith({ signerVersion: 3 })],
  [
    'a digest that was not announced',
    'a digest that is not announced',
    () => edit(cmsWith(), [...SIGNED_DATA, 1], () => set(sequence(oid(ID.sha512)))),
  ],
  ['no signed attributes', 'no signed attributes', () => cmsWith({ attributes: undefined })],
  [
    'unsigned attributes instead of signed ones',
    'no signed attributes',
    () => cmsWith({ attributes: undefined, unsigned: [contentType(), messageDigest(DOCUMENT)] }),
  ],
  ['empty signed attributes', 'not exactly one value', () => cmsWith({ attributes: [] })],
  ['no contentType', 'not exactly one value', () => cmsWith({ attributes: [messageDigest(DOCUMENT)] })],
  [
    'a foreign contentType',
    'contentType is not id-data',
    () => cmsWith({ attributes: [contentType(ID.timeStampInfo), messageDigest(DOCUMENT)] }),
  ],
  [
    'a contentType with two values',
    'not exactly one value',
    () =>
      cmsWith({
        attributes: [attribute(ID.contentType, oid(ID.data), oid(ID.data)), messageDigest(DOCUMENT)],
      }),
  ],
  [
    'contentType twice',
    'signed attributes are not in DER order',
    () => cmsWith({ attributes: [contentType(), contentType(), messageDigest(DOCUMENT)] }),
  ],
  [
    'contentType twice, the second foreign',
    'a signed attribute comes twice',
    () => cmsWith({ attributes: [contentType(), contentType(ID.signedData), messageDigest(DOCUMENT)] }),
  ],
  ['no messageDigest', 'not exactly one value', () => cmsWith({ attributes: [contentType()] })],
  [
    'a messageDigest without a value',
    'not exactly one value',
    () => cmsWith({ attributes: [attribute(ID.messageDigest), contentType()] }),
  ],
  [
    'a messageDigest with two values',
    'not exactly one value',
    () =>
      cmsWith({
        attributes: [
          contentType(),
          attribute(
            ID.messageDigest,
            octets(Buffer.alloc(32)),
            ...members(members(messageDigest(DOCUMENT))[1] ?? octets(Buffer.alloc(0))),
          ),
        ],
      }),
  ],
  [
    'messageDigest twice',
    'a signed attribute comes twice',
    () =>
      cmsWith({
        attributes: [contentType(), messageDigest(DOCUMENT), messageDigest(Buffer.from('x'))].sort(
          Buffer.compare,
        ),
      }),
  ],
  [
    'another attribute twice',
    'a signed attribute comes twice',
    () =>
      cmsWith({
        attributes: [
          attribute('1.2.3', integer(1)),
          attribute('1.2.3', integer(2)),
          contentType(),
          messageDigest(DOCUMENT),
        ],
      }),
  ],
  [
    'attributes out of order',
    'signed attributes are not in DER order',
    () => cmsWith({ attributes: [messageDigest(DOCUMENT), contentType()] }),
  ],
];

const refused: [string, string, () => Buffer, Buffer?][] = [
  [
    'attached content that is another document',
    'signature-content-differs',
    () => cmsWith({ document: Buffer.from('{}') }),
  ],
  [
    'attached content with a line end added',
    'signature-content-differs',
    () => cmsWith({ content: Buffer.concat([DOCUMENT, Buffer.from('\n')]) }),
  ],
  ['empty attached content', 'signature-content-differs', () => cmsWith({ content: Buffer.alloc(0) })],
  [
    'the right content inside, the digest of another',
    'signature-content-differs',
    () => cmsWith({ attributes: [contentType(), messageDigest(Buffer.from('{}'))] }),
  ],
  [
    'detached over other bytes',
    'signature-content-differs',
    () => cmsWith({ document: Buffer.from('{}'), content: undefined }),
  ],
  [
    'a digest cut to 31 bytes',
    'signature-content-differs',
    () => cmsWith({ attributes: [contentType(), attribute(ID.messageDigest, octets(Buffer.alloc(31)))] }),
  ],
  [
    'a digest made with another algorithm than said',
    'signature-content-differs',
    () => cmsWith({ digestAlgorithm: ID.sha512 }),
  ],
  ['SHA-1', 'signature-not-valid', () => cmsWith({ digestAlgorithm: '1.3.14.3.2.26' })],
  ['MD5', 'signature-not-valid', () => cmsWith({ digestAlgorithm: '1.2.840.113549.2.5' })],
  [
    'a signature algorithm of another key',
    'signature-not-valid',
    () => cmsWith({ signatureAlgorithm: '1.2.840.113549.1.1.11' }),
  ],
  ['an unknown signature algorithm', 'signature-not-valid', () => cmsWith({ signatureAlgorithm: '1.2.3.4' })],
  [
    'a signature algorithm with another digest',
    'signature-not-valid',
    () => cmsWith({ signatureAlgorithm: '1.2.840.10045.4.3.4', signedWith: 'sha512' }),
  ],
  [
    'a signature with a bit turned',
    'signature-not-valid',
    () =>
      edit(cmsWith(), [...SIGNER, 5], (old) =>
        Buffer.concat([old.subarray(0, -1), Buffer.from([(old.at(-1) ?? 0) ^ 1])]),
      ),
  ],
  [
    'an empty signature',
    'signature-not-valid',
    () => edit(cmsWith(), [...SIGNER, 5], () => octets(Buffer.alloc(0))),
  ],
  [
    'attributes replaced after signing',
    'signature-not-valid',
    () => cmsWith({ signedBytes: set(contentType(), messageDigest(Buffer.from('{}'))) }),
  ],
  ['a signature over the document itself', 'signature-not-valid', () => cmsWith({ signedBytes: DOCUMENT })],
  [
    'a signature over the attributes as [0]',
    'signature-not-valid',
    () => cmsWith({ signedBytes: tlv(0xa0, contentType(), messageDigest(DOCUMENT)) }),
  ],
  ['no certificate', 'signature-not-valid', () => cmsWith({ certificates: [] })],
  [
    'the same certificate twice',
    'signature-not-valid',
    () => cmsWith({ certificates: [der(scene.person), der(scene.person)] }),
  ],
  [
    'a sid that names a certificate that is not there',
    'signature-not-valid',
    () => cmsWith({ certificates: [der(scene.authority.issuing)] }),
  ],
  [
    'a sid that names another certificate',
    'signature-not-valid',
    () =>
      cmsWith({
        sid: issuerAndSerial(scene.authority.issuing),
        certificates: [der(scene.person), der(scene.authority.issuing)],
      }),
  ],
  [
    'a sid that names no key',
    'signature-not-valid',
    () => cmsWith({ sid: tlv(0x80), version: 3, signerVersion: 3 }),
  ],
];

const accepted: [string, () => Buffer][] = [
  ['attached', () => cmsWith()],
  ['detached', () => cmsWith({ content: undefined })],
  ['32 levels of what is not looked at', () => cmsWith({ unsigned: [nested(32 - 6)] })],
  ['a home-made OCSP answer inside, which is not looked at', () => cmsWith({ crls: [homeMadeOcspAnswer()] })],
  [
    "another certificate beside the signer's",
    () => cmsWith({ certificates: [der(scene.authority.root), der(scene.person)] }),
  ],
];

describe("the structure of a citizen's signature", () => {
  it.each(malformed)('%s is signature-malformed: %s', async (_row, reason, make) => {
    expect(await verdict(make())).toBe(`signature-malformed: ${reason}`);
  });

  it.each(refused)('%s is %s', async (_row, code, make) => {
    expect(await verdict(make())).toBe(code);
  });

  it.each(accepted)('%s is accepted', async (_row, make) => {
    expect(await verdict(make())).toBe(IIN);
  });

  it('no byte of an attached signature can be changed unnoticed, but in what is not looked at', async () => {
    const cms = cmsWith({ certificates: [der(scene.person)] });
    const verdicts = new Set<string>();
    for (let at = 0; at < cms.length; at += 7) {
      const changed = Buffer.from(cms);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x01, at);
      verdicts.add(await verdict(changed));
    }
    expect(verdicts).not.toContain(IIN);
  });
});

/**
 * The structure of a CMS signature (RFC 5652), narrowed to the one shape a citizen's application may have: SignedData
 * over id-data, one signer, signed attributes. CRLs, OCSP answers and unsigned attributes inside are
 * stepped over and never looked at, because the sender chose them.
 */
import { type BaseBlock, Primitive } from 'asn1js';
import { type Certificate, readCertificate } from './certificate.js';
import { integerHex, octets, oid, raw, sequence, set, tagged } from './asn1.js';
import { type DerLimits, readDer } from './der.js';
import { OID } from './oids.js';

/** Whom a SignerInfo names as its signer. */
export type SignerId =
  { readonly issuer: Buffer; readonly serialNumber: string } | { readonly subjectKeyIdentifier: Buffer };

export interface SignedAttribute {
  readonly type: string;
  readonly values: readonly BaseBlock[];
}

export interface CmsSignature {
  /** The content inside, or undefined when the signature is detached. */
  readonly content: Buffer | undefined;
  readonly certificates: readonly Certificate[];
  readonly signerId: SignerId;
  readonly digestAlgorithm: string;
  /** DER of the SET OF attributes: the bytes that are signed (RFC 5652 §5.4). */
  readonly signedBytes: Buffer;
  readonly signedAttributes: readonly SignedAttribute[];
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
}

const LIMITS: DerLimits = { maxBytes: 64 * 1024, maxDepth: 32 };
/** A signer, three authorities and their root: ways to climb multiply with each one more, and lead nowhere new. */
const MAX_CERTIFICATES = 5;

/** @throws Error when `cms` is anything else than the one shape. */
export function readCms(cms: Buffer): CmsSignature {
  const [type, wrapped, ...rest] = sequence(readDer(cms, LIMITS));
  const [signedData, ...more] = tagged(wrapped, 0) ?? [];
  if (oid(type) !== OID.signedData || rest.length + more.length > 0) throw new Error('not SignedData');
  const [version, digests, content, ...tail] = sequence(signedData);
  const certificates = tagged(tail[0], 0);
  if (certificates !== undefined) tail.shift();
  if (tagged(tail[0], 1) !== undefined) tail.shift();
  const [signer, ...others] = set(tail.shift());
  if (tail.length + others.length > 0) throw new Error('not exactly one signer');
  const signerInfo = readSignerInfo(signer, integerHex(version));
  const named = set(digests).map((algorithm) => oid(sequence(algorithm)[0]));
  if (!named.includes(signerInfo.digestAlgorithm)) throw new Error('a digest that is not announced');
  return { content: readContent(content), certificates: readCertificates(certificates ?? []), ...signerInfo };
}

function readContent(node: BaseBlock | undefined): Buffer | undefined {
  const [type, wrapped, ...rest] = sequence(node);
  if (oid(type) !== OID.data || rest.length > 0) throw new Error('not over id-data');
  if (wrapped === undefined) return undefined;
  const [content, ...more] = tagged(wrapped, 0) ?? [];
  if (more.length > 0) throw new Error('more than one content');
  return octets(content);
}

function readCertificates(choices: readonly BaseBlock[]): Certificate[] {
  if (choices.length > MAX_CERTIFICATES) throw new Error('too many certificates');
  return choices.map((choice) => readCertificate(raw(choice)));
}

function readSignerInfo(
  node: BaseBlock | undefined,
  signedDataVersion: string,
): Omit<CmsSignature, 'content' | 'certificates'> {
  const [version, sid, digest, attributes, algorithm, signature, ...unsigned] = sequence(node);
  const signedAttributes = tagged(attributes, 0);
  if (sid === undefined || attributes === undefined || signedAttributes === undefined)
    throw new Error('no signed attributes');
  const unsignedFits =
    unsigned.length === 0 || (unsigned.length === 1 && tagged(unsigned[0], 1) !== undefined);
  if (!unsignedFits) throw new Error('unknown members of the signer');
  const signerId = readSignerId(sid);
  // RFC 5652 §5.1 and §5.3: version 3 where the signer is named by key identifier, else 1.
  const expected = 'subjectKeyIdentifier' in signerId ? '03' : '01';
  if (integerHex(version) !== expected || signedDataVersion !== expected) throw new Error('a wrong version');
  assertSorted(signedAttributes);
  const signedBytes = raw(attributes);
  signedBytes[0] = 0x31; // [0] IMPLICIT is written, SET OF is signed
  return {
    signerId,
    digestAlgorithm: oid(sequence(digest)[0]),
    signedBytes,
    signedAttributes: signedAttributes.map(readSignedAttribute),
    signatureAlgorithm: oid(sequence(algorithm)[0]),
    signature: octets(signature),
  };
}

function readSignerId(sid: BaseBlock): SignerId {
  const byKey = sid instanceof Primitive && sid.idBlock.tagClass === 3 && sid.idBlock.tagNumber === 0;
  if (byKey) return { subjectKeyIdentifier: Buffer.from(sid.valueBlock.valueHexView) };
  const [issuer, serial, ...rest] = sequence(sid);
  if (issuer === undefined || rest.length > 0) throw new Error('a malformed signer identifier');
  return { issuer: raw(issuer), serialNumber: integerHex(serial) };
}

function readSignedAttribute(node: BaseBlock): SignedAttribute {
  const [type, values, ...rest] = sequence(node);
  if (rest.length > 0) throw new Error('a malformed attribute');
  return { type: oid(type), values: set(values) };
}

/** What is signed is DER, so the attributes come in its order (X.690 §11.6): there is one way to write them. */
function assertSorted(members: readonly BaseBlock[]): void {
  const bytes = members.map(raw);
  const sorted = bytes.every((member, at) => at === 0 || Buffer.compare(bytes[at - 1] ?? member, member) < 0);
  if (!sorted) throw new Error('signed attributes are not in DER order');
}

/**
 * An X.509 certificate as its DER says it (RFC 5280): exact bytes beside every part that is compared or verified,
 * because a name or a signature re-encoded by a library is no longer what the authority signed.
 */
import {
  BitString,
  Boolean as AsnBoolean,
  type BaseBlock,
  Integer,
  PrintableString,
  Utf8String,
} from 'asn1js';
import { instant, integerHex, octets, oid, raw, sequence, set, tagged, wholeBits } from './asn1.js';
import { contents, type DerLimits, readDer } from './der.js';
import { OID } from './oids.js';

/** One `type = value` of a name. */
export interface NameAttribute {
  readonly type: string;
  /** Text of a UTF8String or PrintableString; undefined for every other string type. */
  readonly text: string | undefined;
  /** Content bytes of the value, whatever its type. */
  readonly bytes: Buffer;
}

export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

export interface Certificate {
  readonly der: Buffer;
  /** The part that is signed. */
  readonly tbs: Buffer;
  /** Content of the INTEGER, lower-case hex. */
  readonly serialNumber: string;
  /** DER of the names: two names are equal when their bytes are. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** The subject's relative names in their order; a name with two members is multi-valued. */
  readonly subjectNames: readonly (readonly NameAttribute[])[];
  /** Both in ms since the epoch, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo DER and its algorithm. */
  readonly publicKey: Buffer;
  readonly keyAlgorithm: string;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
}

const LIMITS: DerLimits = { maxBytes: 16 * 1024, maxDepth: 16 };

/**
 * Reads a version 3 certificate of at most 16 KiB.
 * @throws Error when it is not exactly one, names an extension twice or signs with another algorithm than it says.
 */
export function readCertificate(der: Buffer): Certificate {
  const [tbs, outerAlgorithm, signature, ...rest] = sequence(readDer(der, LIMITS));
  if (tbs === undefined || outerAlgorithm === undefined || rest.length > 0)
    throw new Error('not a certificate');
  const [version, serial, algorithm, issuer, validity, subject, key, ...optional] = sequence(tbs);
  if (algorithm === undefined || issuer === undefined || subject === undefined || key === undefined)
    throw new Error('a part of the certificate is missing');
  const [versionNumber] = tagged(version, 0) ?? [];
  if (integerHex(versionNumber) !== '02') throw new Error('not a version 3 certificate');
  if (!raw(algorithm).equals(raw(outerAlgorithm))) throw new Error('two signature algorithms');
  const [notBefore, notAfter] = sequence(validity);
  return {
    der,
    tbs: raw(tbs),
    serialNumber: integerHex(serial),
    issuer: raw(issuer),
    subject: raw(subject),
    subjectNames: sequence(subject).map((name) => set(name).map(readAttribute)),
    notBefore: instant(notBefore),
    notAfter: instant(notAfter),
    publicKey: raw(key),
    keyAlgorithm: oid(sequence(sequence(key)[0])[0]),
    extensions: readExtensions(optional),
    signatureAlgorithm: oid(sequence(outerAlgorithm)[0]),
    signature: wholeBits(signature),
  };
}

function readAttribute(node: BaseBlock): NameAttribute {
  const [type, value] = sequence(node);
  const readable = value instanceof Utf8String || value instanceof PrintableString;
  const bytes = value === undefined ? Buffer.alloc(0) : contents(raw(value));
  return { type: oid(type), text: readable ? value.getValue() : undefined, bytes };
}

/** `[1]` and `[2]` unique identifiers belong to no certificate in use and are refused with everything unknown. */
function readExtensions(optional: readonly BaseBlock[]): Map<string, Extension> {
  if (optional.length > 1) throw new Error('unknown members in the certificate');
  const [list] = optional.length === 0 ? [] : (tagged(optional[0], 3) ?? []);
  return extensionsOf(list);
}

/**
 * `Extensions` of a certificate, a list or an answer; none when `list` is absent.
 * @throws Error when one is named twice.
 */
export function extensionsOf(list: BaseBlock | undefined): Map<string, Extension> {
  const found = new Map<string, Extension>();
  for (const node of list === undefined ? [] : sequence(list)) {
    const [id, ...rest] = sequence(node);
    const value = rest.at(-1);
    const critical = rest.length === 2 && rest[0] instanceof AsnBoolean && rest[0].valueBlock.value;
    if (rest.length > (critical ? 2 : 1) || found.has(oid(id))) throw new Error('a malformed extension');
    found.set(oid(id), { critical, value: octets(value) });
  }
  return found;
}

/** The bits of KeyUsage (RFC 5280 §4.2.1.3) that matter here; undefined when the extension is absent. */
export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly nonRepudiation: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

export function keyUsageOf(certificate: Certificate): KeyUsage | undefined {
  const extension = certificate.extensions.get(OID.keyUsage);
  if (extension === undefined) return undefined;
  const node = readDer(extension.value, LIMITS);
  if (!(node instanceof BitString)) throw new Error('KeyUsage is not a BIT STRING');
  const first = node.valueBlock.valueHexView[0] ?? 0;
  const bit = (n: number): boolean => (first & (0x80 >> n)) !== 0;
  return {
    digitalSignature: bit(0),
    nonRepudiation: bit(1),
    keyCertSign: bit(5),
    crlSign: bit(6),
  };
}

/** The purposes of ExtendedKeyUsage; none when the extension is absent. */
export function purposesOf(certificate: Certificate): readonly string[] {
  const extension = certificate.extensions.get(OID.extendedKeyUsage);
  return extension === undefined ? [] : sequence(readDer(extension.value, LIMITS)).map(oid);
}

/** Whether subject and issuer are one name, as in a root and in what takes a new key over from an old one (RFC 5280 §3.2). */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.subject.equals(certificate.issuer);
}

/** BasicConstraints; a certificate without it is no authority. */
export function basicConstraintsOf(certificate: Certificate): {
  ca: boolean;
  pathLength: number | undefined;
} {
  const extension = certificate.extensions.get(OID.basicConstraints);
  const members = extension === undefined ? [] : sequence(readDer(extension.value, LIMITS));
  const [flag, length] = members[0] instanceof AsnBoolean ? members : [undefined, ...members];
  const ca = flag instanceof AsnBoolean && flag.valueBlock.value;
  if (length === undefined) return { ca, pathLength: undefined };
  if (!(length instanceof Integer)) throw new Error('a malformed path length');
  return { ca, pathLength: length.valueBlock.valueDec };
}

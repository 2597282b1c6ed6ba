/**
 * The certificate that a signer says is theirs: the signed attributes signingCertificate (RFC 2634 §5.4) and
 * signingCertificateV2 (RFC 5035), which CAdES writers add. One key may have several certificates, so a signature that
 * names another one than comes with it was made for that other one.
 */
import type { BaseBlock } from 'asn1js';
import { certificateDigest, SHA1, SHA256 } from './algorithms.js';
import { integerHex, octets, oid, raw, sequence, tagged } from './asn1.js';
import type { Certificate } from './certificate.js';
import { isGost, OID } from './oids.js';

/** What one attribute says about the signer's certificate. */
export interface NamedSigner {
  readonly digestAlgorithm: string;
  readonly digest: Buffer;
  /** Absent where the attribute is content with the digest. */
  readonly issuerAndSerial?: { readonly issuer: Buffer; readonly serialNumber: string };
}

/** The types of the attributes that `readNamedSigner` reads. */
export const SIGNER_NAMING: readonly string[] = [OID.signingCertificate, OID.signingCertificateV2];

/**
 * Reads one such attribute. Of the certificates it lists the first is the signer's.
 * @throws Error when it is not of the form of its RFC
 */
export function readNamedSigner(type: string, value: BaseBlock | undefined): NamedSigner {
  const [list, ...policies] = sequence(value);
  if (policies.length > 1) throw new Error('unknown members beside the certificates');
  const [first] = sequence(list);
  const members = [...sequence(first)];
  const isVersion2 = type === OID.signingCertificateV2;
  const digestAlgorithm = isVersion2 ? algorithmBefore(members) : SHA1;
  const [digest, issuerSerial, ...rest] = members;
  if (rest.length > 0) throw new Error('unknown members of a certificate identifier');
  const named = { digestAlgorithm, digest: octets(digest) };
  return issuerSerial === undefined ? named : { ...named, issuerAndSerial: readIssuerSerial(issuerSerial) };
}

/**
 * Whether everything the attribute says is true of `certificate`. A digest that cannot be computed here names nothing,
 * but for a certificate of the national standard, whose own digests none of our libraries has: there issuer and number
 * must name it.
 */
export function isNamed(certificate: Certificate, named: NamedSigner): boolean {
  const { digestAlgorithm, digest, issuerAndSerial } = named;
  const computed = certificateDigest(digestAlgorithm, certificate.der);
  const fits =
    issuerAndSerial === undefined ||
    (issuerAndSerial.issuer.equals(certificate.issuer) &&
      issuerAndSerial.serialNumber === certificate.serialNumber);
  if (computed !== undefined) return fits && computed.equals(digest);
  return fits && issuerAndSerial !== undefined && isGost(certificate.keyAlgorithm);
}

/** `hashAlgorithm DEFAULT sha256`: a SEQUENCE before the OCTET STRING, taken off the list. */
function algorithmBefore(members: BaseBlock[]): string {
  const [first] = members;
  if (first === undefined || members.length === 1 || raw(first)[0] !== 0x30) return SHA256;
  members.shift();
  return oid(sequence(first)[0]);
}

/** `IssuerSerial` whose GeneralNames is one directoryName, `[4]` explicit. */
function readIssuerSerial(node: BaseBlock): { issuer: Buffer; serialNumber: string } {
  const [names, serial, ...rest] = sequence(node);
  const [directory, ...others] = sequence(names);
  const [issuer, ...more] = tagged(directory, 4) ?? [];
  if (issuer === undefined || rest.length + others.length + more.length > 0)
    throw new Error('a malformed issuer of a certificate identifier');
  return { issuer: raw(issuer), serialNumber: integerHex(serial) };
}

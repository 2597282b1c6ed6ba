/**
 * What a signer signs: not the document but attributes that hold its digest (RFC 5652 §5.4). A signature counts only
 * when those attributes say "id-data" and the digest of *our* stored bytes, each exactly once, and name no other signer.
 */
import { type BaseBlock } from 'asn1js';
import { Problem } from '#libs/problem/problem.js';
import { digestOf } from './algorithms.js';
import { octets, oid } from './asn1.js';
import type { Certificate } from './certificate.js';
import type { CmsSignature, SignedAttribute } from './cms.js';
import { OID } from './oids.js';
import { isNamed, type NamedSigner, readNamedSigner, SIGNER_NAMING } from './signing-certificate.js';

/** What ties a signature to its content and to its signer. */
export interface BindingAttributes {
  readonly messageDigest: Buffer;
  /** What the attributes of CAdES say of the signer's certificate; none when there is no such attribute. */
  readonly namedSigners: readonly NamedSigner[];
}

/**
 * Reads contentType and messageDigest, which a signature cannot do without, and the attributes that name its signer.
 * @throws Error when a type comes twice, one of the first two is missing, one has two values or is malformed, or
 *   contentType is not id-data.
 */
export function readBindingAttributes(attributes: readonly SignedAttribute[]): BindingAttributes {
  const types = attributes.map((attribute) => attribute.type);
  if (new Set(types).size !== types.length) throw new Error('a signed attribute comes twice');
  if (oid(onlyValue(attributes, OID.contentType)) !== OID.data) throw new Error('contentType is not id-data');
  const namedSigners = types
    .filter((type) => SIGNER_NAMING.includes(type))
    .map((type) => readNamedSigner(type, onlyValue(attributes, type)));
  return { messageDigest: octets(onlyValue(attributes, OID.messageDigest)), namedSigners };
}

/**
 * The digest that was signed is the digest of the stored document.
 * @throws Problem `signature-not-valid` for a digest algorithm we do not accept, `signature-content-differs`.
 */
export function assertDigestOf(document: Buffer, cms: CmsSignature, binding: BindingAttributes): void {
  const digest = digestOf(cms.digestAlgorithm, document);
  if (digest === undefined) throw new Problem('signature-not-valid');
  if (!digest.equals(binding.messageDigest)) throw new Problem('signature-content-differs');
}

/** The attributes name `certificate` as the signer's, or say nothing of it. @throws Problem `signature-not-valid` */
export function assertNamesSigner({ namedSigners }: BindingAttributes, certificate: Certificate): void {
  if (!namedSigners.every((named) => isNamed(certificate, named))) throw new Problem('signature-not-valid');
}

function onlyValue(attributes: readonly SignedAttribute[], type: string): BaseBlock | undefined {
  const values = attributes.find((attribute) => attribute.type === type)?.values ?? [];
  if (values.length !== 1) throw new Error('not exactly one value');
  return values[0];
}

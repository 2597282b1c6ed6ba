/**
 * Whether a CMS is a person's signature over a stored document: the checks of docs/signatures.md in their order, each
 * failure with its own code. Pure: the clock and the pinned roots are arguments, and nothing is asked over the network
 * (revocation comes after, from `revocation.client.ts`). No verdict of a library is taken over; asn1js reads,
 * node:crypto computes, the rules are here.
 */
import { Problem } from '#libs/problem/problem.js';
import type { ProblemCode } from '#libs/problem/catalogue.js';
import { verifies } from './algorithms.js';
import type { Certificate } from './certificate.js';
import { type CmsSignature, readCms } from './cms.js';
import { isGost, OID } from './oids.js';
import { pinnedIssuer, trustedPath } from './path.js';
import {
  assertDigestOf,
  assertNamesSigner,
  type BindingAttributes,
  readBindingAttributes,
} from './signed-attributes.js';
import { signingPerson } from './signing-person.js';
import type { TrustAnchors } from './trust.js';
import {
  revocationSubject,
  type RevocationSubject,
  verifiedSigner,
  type VerifiedSigner,
} from './verified-signer.js';

export interface SignatureInput {
  /** DER, as it came. */
  readonly cms: Buffer;
  /** The exact bytes that were to be signed, as stored. */
  readonly document: Buffer;
  /** Registry time in ms. */
  readonly at: number;
  readonly trust: TrustAnchors;
}

/**
 * @throws Problem `signature-malformed`, `signature-content-differs`, `key-not-taken` for a key of the national standard,
 * `signature-not-valid`, `certificate-not-trusted` or `certificate-not-for-signing`, the first that applies.
 */
export async function verifySignature(input: SignatureInput): Promise<VerifiedSigner> {
  const { cms, binding } = readSignature(input.cms);
  assertSameContent(cms, input.document);
  const certificate = namedCertificate({ cms, binding });
  if (isGost(certificate.keyAlgorithm)) throw new Problem('key-not-taken');
  assertDigestOf(input.document, cms, binding);
  assertSignedBy(certificate, cms);
  const path = reading('certificate-not-trusted', () =>
    trustedPath({ ...input, certificate, hints: cms.certificates }),
  );
  const iin = reading('certificate-not-for-signing', () => signingPerson(certificate));
  return verifiedSigner({ ...input, certificate, path, iin });
}

/**
 * Whom to ask whether a signature accepted before still stands, its path judged as of then.
 * @throws Problem `certificate-not-trusted` when its authority is no longer pinned.
 */
export function signerToAsk(kept: Pick<SignatureInput, 'cms' | 'at' | 'trust'>): RevocationSubject {
  const { cms, binding } = readSignature(kept.cms);
  const certificate = namedCertificate({ cms, binding });
  const question = { ...kept, certificate, hints: cms.certificates };
  const path = reading('certificate-not-trusted', () =>
    isGost(certificate.keyAlgorithm) ? [pinnedIssuer(question)] : trustedPath(question),
  );
  return revocationSubject({ ...kept, certificate, path });
}

/** The structure of the CMS and of its signed attributes. @throws Problem `signature-malformed`. */
export function readSignature(bytes: Buffer): { cms: CmsSignature; binding: BindingAttributes } {
  return reading('signature-malformed', () => {
    const cms = readCms(bytes);
    return { cms, binding: readBindingAttributes(cms.signedAttributes) };
  });
}

/** The content. What is verified afterwards are the stored bytes, never these. */
export function assertSameContent(cms: CmsSignature, document: Buffer): void {
  if (cms.content !== undefined && !cms.content.equals(document))
    throw new Problem('signature-content-differs');
}

/**
 * The certificate that `sid` names, which must have come with the signature, once, and be the one that the signed
 * attributes name where they name one: `sid` itself is not signed.
 * @throws Problem `signature-not-valid`
 */
export function namedCertificate({ cms, binding }: ReturnType<typeof readSignature>): Certificate {
  const { signerId } = cms;
  const [named, ...others] = cms.certificates.filter((certificate) =>
    'issuer' in signerId
      ? certificate.issuer.equals(signerId.issuer) && certificate.serialNumber === signerId.serialNumber
      : keyIdentifierOf(certificate)?.equals(signerId.subjectKeyIdentifier) === true,
  );
  if (named === undefined || others.length > 0) throw new Problem('signature-not-valid');
  assertNamesSigner(binding, named);
  return named;
}

function keyIdentifierOf(certificate: Certificate): Buffer | undefined {
  // The value is an OCTET STRING of fewer than 128 bytes: two octets, then the identifier.
  return certificate.extensions.get(OID.subjectKeyIdentifier)?.value.subarray(2);
}

function assertSignedBy(certificate: Certificate, cms: CmsSignature): void {
  const { publicKey } = certificate;
  if (!verifies({ ...cms, data: cms.signedBytes, publicKey })) throw new Problem('signature-not-valid');
}

/** Whatever a reader finds wrong becomes the one code of its clause; what it threw stays with us. */
export function reading<T>(code: ProblemCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem(code, { cause });
  }
}

/**
 * What is known of a signer once every check has passed, and whom to ask whether his certificate still holds.
 */
import assert from 'node:assert';
import type { Certificate } from './certificate.js';
import { sha256 } from './digest.js';
import type { TrustAnchors } from './trust.js';

/** A certificate and the one of its issuer: what a revocation question is about. */
export interface IssuedCertificate {
  readonly certificateDer: Buffer;
  readonly issuerCertificateDer: Buffer;
}

/** What revocation asks about. A kept signature gives it again through `signerToAsk`. */
export interface RevocationSubject extends IssuedCertificate {
  /** Authorities on the way that came with the signature instead of being pinned: they can be revoked too. */
  readonly unpinned: readonly IssuedCertificate[];
}

export interface VerifiedSigner extends RevocationSubject {
  /** Twelve digits, from the certificate's subject; whether it is the applicant's is the caller's question. */
  readonly iin: string;
  /** base64url SHA-256 of the certificate: the thumbprint on an official's row. */
  readonly certSha256: string;
  /** Lower-case hex, as DER writes it. */
  readonly serialNumber: string;
  /** `notBefore`, ms. */
  readonly certIssuedAt: number;
  /** base64url SHA-256 of the whole CMS. */
  readonly cmsSha256: string;
}

interface Passed {
  readonly certificate: Certificate;
  /** From the issuer to the root. */
  readonly path: readonly Certificate[];
  readonly trust: TrustAnchors;
}

/** What is kept of a signature that passed. */
export function verifiedSigner(passed: Passed & { cms: Buffer; iin: string }): VerifiedSigner {
  const { certificate, cms, iin } = passed;
  return {
    ...revocationSubject(passed),
    iin,
    certSha256: sha256(certificate.der),
    serialNumber: certificate.serialNumber,
    certIssuedAt: certificate.notBefore,
    cmsSha256: sha256(cms),
  };
}

/** Each certificate of a path with its issuer, the signer's own first; pinned authorities are the operator's to watch. */
export function revocationSubject({ certificate, path, trust }: Passed): RevocationSubject {
  const pinned = [...trust.roots, ...trust.intermediates];
  const [signer, ...authorities] = path.map((issuer, at) => ({
    issued: path[at - 1] ?? certificate,
    issuer,
  }));
  assert(signer !== undefined, 'a path has at least its root');
  const asked = ({ issued, issuer }: typeof signer): IssuedCertificate => ({
    certificateDer: issued.der,
    issuerCertificateDer: issuer.der,
  });
  return {
    ...asked(signer),
    unpinned: authorities.filter(({ issued }) => !pinned.includes(issued)).map(asked),
  };
}

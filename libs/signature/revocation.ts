/**
 * Whether a certificate is *known good*. The question is put to a list or an answer that its issuer
 * signed; everything that is not a clear, fresh "good" fails, and "unknown" is never "good". Pure, so that fsck asks
 * years later exactly what was asked then.
 */
import { Problem } from '#libs/problem/problem.js';
import { readCertificate } from './certificate.js';
import { readCrl, type RevocationList } from './crl.js';
import type { RevocationSubject } from './verified-signer.js';

/** What an act rests on, kept sealed beside the signature. */
export interface RevocationEvidence {
  /** `crl`: DER of the list; `ncanode`: the JSON an NCANode service answered, which nobody can verify again. */
  readonly kind: 'crl' | 'ncanode';
  readonly der: Buffer;
  /** base64url SHA-256 of `der`. */
  readonly sha256: string;
  /** Past its `nextUpdate`: good enough for placing, and to be asked again. */
  readonly stale: boolean;
}

/** What the authority said, either way, with the bytes that say so. */
export interface RevocationAnswer {
  readonly status: 'good' | 'revoked';
  readonly evidence: RevocationEvidence;
  /** Until when "good" holds without the list being stale, ms; Infinity for an answer of the moment. */
  readonly freshUntil: number;
}

export interface RevocationQuestion {
  readonly signer: RevocationSubject;
  /** Registry time in ms. */
  readonly at: number;
  /** Hours a list may be past its `nextUpdate`: 24 for what makes safer, 0 for what loosens. */
  readonly staleCrlHoursAllowed: 0 | 24;
}

/** An issuer's clock may be this much ahead of ours. */
const CLOCK_SKEW_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Judges the kept list about the signer's certificate, from its bytes on.
 * @returns whether it was stale.
 * @throws Problem `certificate-revoked`, or `revocation-unavailable` when it does not say "good".
 */
export function assertNotRevoked(
  evidence: Pick<RevocationEvidence, 'kind' | 'der'>,
  question: RevocationQuestion,
): { stale: boolean } {
  if (evidence.kind !== 'crl') throw new Problem('revocation-unavailable');
  const { signer } = question;
  const list = unlessUnavailable(() => readCrl(evidence.der, readCertificate(signer.issuerCertificateDer)));
  return assertNotListed(list, { ...question, certificateDer: signer.certificateDer });
}

/** The same for a list already read and verified with the issuer of the certificate. */
export function assertNotListed(
  list: RevocationList,
  question: Pick<RevocationQuestion, 'at' | 'staleCrlHoursAllowed'> & { certificateDer: Buffer },
): { stale: boolean } {
  const { at, staleCrlHoursAllowed } = question;
  if (list.revoked.has(readCertificate(question.certificateDer).serialNumber))
    throw new Problem('certificate-revoked');
  const notYet = list.thisUpdate > at + CLOCK_SKEW_MS;
  const tooOld = at > list.nextUpdate + staleCrlHoursAllowed * HOUR_MS;
  if (notYet || tooOld) throw new Problem('revocation-unavailable');
  return { stale: at > list.nextUpdate };
}

/** The evidence of an answer that says "good". @throws Problem `certificate-revoked` */
export function evidenceOfGood({ status, evidence }: RevocationAnswer): RevocationEvidence {
  if (status === 'revoked') throw new Problem('certificate-revoked');
  return evidence;
}

/** Evidence that cannot be read says nothing, and nothing is not "good". */
export function unlessUnavailable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem('revocation-unavailable', { cause });
  }
}

/**
 * What an NCANode 3 service answers to `/cms/verify` and `/x509/info`, read member by member. Its own `valid` is a
 * necessary sign and never a sufficient one: with no signer or no certificate there is nothing it could have found
 * wrong.
 */
import type { Certificate } from './certificate.js';

export interface NcanodeAnswer {
  /** The answer as it came: what is kept as evidence. */
  readonly bytes: Buffer;
  readonly valid: boolean;
  readonly signers: unknown;
}

/** What it says about one certificate. */
export interface CertificateReport {
  readonly valid: boolean;
  readonly revoked: boolean;
  /** Whether an OCSP question was put, and every answer is a plain *good*. */
  readonly answeredByOcsp: boolean;
  /** Whether the report names exactly this certificate, by its number and by its issuer's signature. */
  isAbout(certificate: Certificate): boolean;
}

/** @throws Error when it is not an answer of NCANode 3. */
export function readAnswer(status: number, bytes: Buffer): NcanodeAnswer {
  if (status !== 200) throw new Error(`NCANode answers ${String(status)}`);
  const body = object(JSON.parse(bytes.toString('utf8')));
  return { bytes, valid: body['status'] === 200 && body['valid'] === true, signers: body['signers'] };
}

/** The report on the only certificate of the only signer of `/cms/verify`. @throws Error when there are more or fewer. */
export function reportOfOnlySigner(answer: NcanodeAnswer | undefined): CertificateReport {
  return readReport(object(only(answer?.signers))['certificates']);
}

/** The report in a list of exactly one. @throws Error when there are more or fewer. */
export function readReport(list: unknown): CertificateReport {
  const info = object(only(list));
  const revocations = array(info['revocations'] ?? []).map(object);
  return {
    valid: info['valid'] === true && info['keyUsage'] === 'SIGN',
    revoked: revocations.some((revocation) => revocation['revoked'] === true),
    answeredByOcsp: revocations.length > 0 && revocations.every(isPlainGood),
    isAbout: (certificate) =>
      info['signature'] === certificate.signature.toString('base64') &&
      info['serialNumber'] === certificate.serialNumber.replace(/^0+/, ''),
  };
}

/**
 * NCANode writes `revoked: false` of every answer that is not "revoked", also of "unknown", of a wrong nonce and of none at
 * all; which of them it was stands in `reason` alone, and of a good answer that is `OK`.
 */
function isPlainGood(revocation: Readonly<Record<string, unknown>>): boolean {
  return revocation['by'] === 'OCSP' && revocation['revoked'] === false && revocation['reason'] === 'OK';
}

function only(value: unknown): unknown {
  const [first, ...others] = array(value);
  if (first === undefined || others.length > 0) throw new Error('not exactly one');
  return first;
}

function array(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('a list was expected');
  return value;
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('an object was expected');
  return value as Record<string, unknown>;
}

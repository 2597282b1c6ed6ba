/** The pinned certificates of the national authority, read once at start. Nothing a request brings adds to them. */
import { X509Certificate } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.js';

export interface TrustAnchors {
  /** Where every path must end. */
  readonly roots: readonly Certificate[];
  /** Issuing authorities known beforehand; a path may also use ones that came with a signature. */
  readonly intermediates: readonly Certificate[];
}

/**
 * Reads PEM files, each with one or more certificates.
 * @throws Error when a file holds no readable certificate: a process without its roots must not start.
 */
export function readTrustAnchors(pems: {
  roots: readonly string[];
  intermediates: readonly string[];
}): TrustAnchors {
  return { roots: pems.roots.flatMap(readPem), intermediates: pems.intermediates.flatMap(readPem) };
}

function readPem(text: string): Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('a file of trusted certificates holds none');
  return blocks.map((block) => readCertificate(new X509Certificate(block).raw));
}

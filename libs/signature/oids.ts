/** The object identifiers this library acts upon, each with the document that assigns it. */

export const OID = {
  // RFC 5652 and RFC 2985
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  // RFC 5035: which certificate the signer says is theirs (CAdES)
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  // RFC 5280
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  // The National Certification Authority of Kazakhstan (НУЦ РК): who may use a key
  naturalPerson: '1.2.398.3.3.4.1.1',
  organisation: '1.2.398.3.3.4.1.2',
} as const;

/** The arcs under which keys of the national standard (ГОСТ) are named. */
const GOST_ARCS = ['1.2.398.3.10.1.1.', '1.3.6.1.4.1.6801.'];

/** Whether a key or signature algorithm is of the national standard, which node:crypto does not know. */
export function isGost(algorithm: string): boolean {
  return GOST_ARCS.some((arc) => algorithm.startsWith(arc));
}

/** Whether `oid` is `arc` itself or lies under it. */
export function isUnder(oid: string, arc: string): boolean {
  return oid === arc || oid.startsWith(`${arc}.`);
}

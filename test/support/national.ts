/**
 * Certificates and signatures that only say that they are of the national standard (ГОСТ): nothing here computes it, so
 * they prove what is asked of a service and what is checked beside it.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { algorithm, buildCms, der, members, sequence, tlv, type CmsParts } from './hostile-cms.js';

const GOST_KEY = '1.2.398.3.10.1.1.2.2';
const GOST_SIGNATURE = '1.2.398.3.10.1.1.2.3.2';
const GOST_DIGEST = '1.2.398.3.10.1.3.3';

/** The same certificate with key and signature said to be of the national standard. */
export function national(credential: Credential): Credential {
  const [tbs = Buffer.alloc(0), , signature = Buffer.alloc(0)] = members(der(credential));
  const [version = tbs, serial = tbs, , issuer = tbs, validity = tbs, subject = tbs, , ...rest] =
    members(tbs);
  const key = sequence(algorithm(GOST_KEY), tlv(0x03, Buffer.alloc(129)));
  const changed = sequence(
    ...[version, serial, algorithm(GOST_SIGNATURE), issuer, validity, subject, key],
    ...rest,
  );
  const certificate = sequence(changed, algorithm(GOST_SIGNATURE), signature);
  return { ...credential, certPem: x509.PemConverter.encode(certificate, 'CERTIFICATE') };
}

/** A signature that says it was made with such a key. */
export function nationalCms(signer: Credential, document: Buffer, changes: Partial<CmsParts> = {}): Buffer {
  return buildCms({
    ...{ signer, document, digestAlgorithm: GOST_DIGEST, signatureAlgorithm: GOST_SIGNATURE },
    ...changes,
  });
}

/**
 * The signer of a national signature (ГОСТ) as far as it can be told without computing: everything of docs/signatures.md but the
 * two signatures themselves, which node:crypto does not know. Alone it proves nothing; it counts beside a service's word.
 */
import { Problem } from '#libs/problem/problem.js';
import { isGost } from './oids.js';
import { pinnedIssuer } from './path.js';
import { signingPerson } from './signing-person.js';
import { verifiedSigner, type VerifiedSigner } from './verified-signer.js';
import {
  assertSameContent,
  namedCertificate,
  reading,
  readSignature,
  type SignatureInput,
} from './verify-signature.js';

/** Whether a signature was made with a key of the national standard. @throws Problem `signature-malformed`, `signature-not-valid` */
export function isNational(cms: Buffer): boolean {
  return isGost(namedCertificate(readSignature(cms)).keyAlgorithm);
}

/**
 * Whose signature it claims to be, under which pinned authority.
 * @throws Problem `signature-malformed`, `signature-content-differs`, `signature-not-valid`, `certificate-not-trusted`,
 *   `certificate-not-for-signing`
 */
export function nationalSigner(input: SignatureInput): VerifiedSigner {
  const { cms, binding } = readSignature(input.cms);
  assertSameContent(cms, input.document);
  const certificate = namedCertificate({ cms, binding });
  if (!isGost(certificate.keyAlgorithm)) throw new Problem('signature-not-valid');
  const issuer = reading('certificate-not-trusted', () => pinnedIssuer({ ...input, certificate, hints: [] }));
  const iin = reading('certificate-not-for-signing', () => signingPerson(certificate));
  return verifiedSigner({ ...input, certificate, path: [issuer], iin });
}

/**
 * Who verifies which signature. Both answer the same two questions: our own rules for RSA and elliptic curves, an
 * NCANode service for keys of the national standard (ГОСТ), which node:crypto does not know.
 */
import { Problem } from '#libs/problem/problem.js';
import { readCertificate } from './certificate.js';
import { isGost } from './oids.js';
import type { RevocationAnswer, RevocationEvidence, RevocationQuestion } from './revocation.js';
import type { VerifiedSigner } from './verified-signer.js';
import { namedCertificate, readSignature, type SignatureInput } from './verify-signature.js';

export interface SignatureVerifier {
  /** Structure, content, signature, path and person. @throws Problem, as `verifySignature`; 503 when somebody had to be asked and was not there. */
  verify(input: SignatureInput): Promise<VerifiedSigner>;
  /** That the certificate is not revoked. @throws Problem `certificate-revoked` or `revocation-unavailable`. */
  knownGood(question: RevocationQuestion): Promise<RevocationEvidence>;
  /** The same for who keeps "revoked", too. @throws Problem `revocation-unavailable`. */
  answer(question: RevocationQuestion): Promise<RevocationAnswer>;
}

/** The verifier of a process, and whether it has anybody to ask about national signatures. */
export interface ChosenVerifier extends SignatureVerifier {
  readonly verifiesNational: boolean;
}

/**
 * Chooses by the signer's key. Without an NCANode service, national signatures are refused for their
 * kind of key (`key-not-taken`): nothing here can say whether they are valid.
 */
export function chooseVerifier(local: SignatureVerifier, national?: SignatureVerifier): ChosenVerifier {
  const whoKnows = ({ signer }: RevocationQuestion): SignatureVerifier => {
    if (!isGost(readCertificate(signer.certificateDer).keyAlgorithm)) return local;
    if (national === undefined) throw new Problem('revocation-unavailable');
    return national;
  };
  return {
    verifiesNational: national !== undefined,
    verify: async (input) => {
      const { keyAlgorithm } = namedCertificate(readSignature(input.cms));
      return isGost(keyAlgorithm) && national !== undefined ? national.verify(input) : local.verify(input);
    },
    knownGood: async (question) => whoKnows(question).knownGood(question),
    answer: async (question) => whoKnows(question).answer(question),
  };
}

/**
 * A signature that was accepted once, judged again from what was kept: the same rules, the same clock reading, the
 * same evidence, no network. fsck and certificates ask this; an act that fails here was never the citizen's.
 */
import { assertNotRevoked, type RevocationEvidence } from './revocation.js';
import type { VerifiedSigner } from './verified-signer.js';
import { type SignatureInput, verifySignature } from './verify-signature.js';

export interface KeptSignature extends SignatureInput {
  readonly revocation: Pick<RevocationEvidence, 'kind' | 'der'>;
  /** 24 for what makes safer, 0 for what loosens, as when it was accepted. */
  readonly staleCrlHoursAllowed: 0 | 24;
}

/**
 * @returns the signer, and whether the evidence was past its time when it was used.
 * @throws Problem, as `verifySignature` and `assertNotRevoked`. A national signature cannot be judged without its
 * service: it fails with `key-not-taken`, and the caller names it as unproven.
 */
export async function verifyAgain(
  kept: KeptSignature,
): Promise<VerifiedSigner & { readonly stale: boolean }> {
  const signer = await verifySignature(kept);
  const { stale } = assertNotRevoked(kept.revocation, { ...kept, signer });
  return { ...signer, stale };
}

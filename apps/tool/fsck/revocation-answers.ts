/**
 * What the authority said when a lift was carried out or called off, judged again from what was kept sealed: a lift needs
 * the word "good" about the very certificate that asked for it, at its own instant.
 */
import { createHash } from 'node:crypto';
import { Problem } from '#libs/problem/problem.js';
import { assertNotRevoked } from '#libs/signature/revocation.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { IssuedCertificate, RevocationSubject } from '#libs/signature/verified-signer.js';
import { signerToAsk } from '#libs/signature/verify-signature.js';
import { unseal, type SealingKey } from '#libs/subject/seal.js';
import type { ReadEntry } from './entry-rows.js';
import type { Standing } from './standing.js';
import type { KnownPerson } from './signatures.js';

/** A row of `revocation_answers` with the signed lift of its application. */
export interface KeptAnswer {
  readonly entryIndex: number;
  readonly applicationUuid: string;
  readonly answer: Buffer;
  readonly kind: string;
  /** Of the `lift.requested`; null, as the CMS, when no lift was signed through that application. */
  readonly requestIndex: number | null;
  readonly cms: Buffer | null;
}

/** Whether an entry rests on an answer: every lift, and the end of a lift whose certificate was revoked. */
export function restsOnAnswer({ kind, members }: ReadEntry): boolean {
  return (
    kind === 'refusal.lifted' || (kind === 'lift.cancelled' && members['reason'] === 'certificate-revoked')
  );
}

/**
 * What is wrong with the answer under an entry, in words; undefined when it says what the entry did.
 * @param pending the refusal before the entry, with its lift pending
 */
export function faultOfAnswer(
  entry: ReadEntry,
  kept: KeptAnswer | undefined,
  pending: Standing,
  person: KnownPerson | undefined,
  trust: TrustAnchors,
): string | undefined {
  if (kept === undefined) return 'no answer is kept';
  if (person === undefined) return 'nobody is known under its subject';
  if (kept.cms === null || kept.requestIndex !== pending.requestIndex)
    return 'the answer is about another lift than the one that was pending';
  const opened = open(kept, kept.cms, person.ring);
  if (opened === undefined) return 'the kept answer does not open in its place';
  const { answer, cms } = opened;
  if (createHash('sha256').update(answer).digest('base64url') !== entry.members['revocationSha256'])
    return 'another answer is kept';
  const said = judged(entry, { kind: kept.kind, answer, cms }, pending, trust);
  const expected = entry.kind === 'refusal.lifted' ? 'good' : 'certificate-revoked';
  return said === expected ? undefined : `the answer says ${said}`;
}

/** "good", or the code of what is wrong with the certificate or with the answer. */
function judged(
  { row }: ReadEntry,
  { kind, answer: der, cms }: { readonly kind: string; readonly answer: Buffer; readonly cms: Buffer },
  { liftRequestedAt }: Standing,
  trust: TrustAnchors,
): string {
  const evidence = { kind: kind === 'ncanode' ? kind : 'crl', der } as const;
  const about = (issued: IssuedCertificate) => (): void => {
    const signer = { ...issued, unpinned: [] };
    assertNotRevoked(evidence, { signer, at: row.at, staleCrlHoursAllowed: 0 });
  };
  let signer: RevocationSubject | undefined;
  const unknown = codeOf(() => {
    signer = signerToAsk({ cms, trust, at: liftRequestedAt ?? row.at });
  });
  if (signer === undefined) return unknown;
  // An authority above may be what was revoked; the list kept is then that of its own issuer.
  const isAboveRevoked = signer.unpinned.some((above) => codeOf(about(above)) === 'certificate-revoked');
  return isAboveRevoked ? 'certificate-revoked' : codeOf(about(signer));
}

function codeOf(judge: () => void): string {
  try {
    judge();
    return 'good';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

function open(
  { applicationUuid: row, answer }: KeptAnswer,
  cms: Buffer,
  ring: SealingKey,
): { readonly answer: Buffer; readonly cms: Buffer } | undefined {
  try {
    return {
      answer: unseal(ring, { table: 'revocation_answers', column: 'answer', row }, answer),
      cms: unseal(ring, { table: 'signed_documents', column: 'cms', row }, cms),
    };
  } catch {
    return undefined;
  }
}

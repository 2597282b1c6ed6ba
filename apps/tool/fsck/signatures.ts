/**
 * Citizens' signatures, judged again from what was kept sealed: the document says what the entry says, the CMS verifies
 * over it, the certificate is the applicant's, and the list of revoked certificates that was used still says "good".
 */
import { createHash } from 'node:crypto';
import { readCanonical } from '#libs/journal/canonical.js';
import { formatInstant, readInstant, type Instant } from '#libs/journal/instant.js';
import { Problem } from '#libs/problem/problem.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { verifyAgain } from '#libs/signature/verify-again.js';
import type { VerifiedSigner } from '#libs/signature/verified-signer.js';
import { unseal, type SealingKey } from '#libs/subject/seal.js';
import { idText } from './id-text.js';
import type { ReadEntry } from './entry-rows.js';

/** A row of `signed_documents` with the key that opens it. */
export interface KeptDocument {
  readonly entryIndex: number;
  readonly applicationUuid: string;
  readonly document: Buffer;
  readonly cms: Buffer;
  readonly revocation: Buffer;
  readonly revocationKind: string;
  /** Whether the list is said to have been past its time. */
  readonly isStale: boolean;
}

/** What judges a kept signature; a caller that runs many times over the same ones may remember its verdicts. */
export type JudgeSignature = typeof verifyAgain;

/** Whose act it must be. */
export interface KnownPerson {
  readonly iin: string;
  /** The key of a row of the person's that opens, and those of the others beside it: what was kept is sealed with one. */
  readonly ring: SealingKey;
}

/** Whether an entry claims a citizen's signature; a return claims the one under the lift. */
export function claimsSignature({ kind, members }: ReadEntry): boolean {
  const isCitizens = ['refusal.placed', 'refusal.lock-grown', 'lift.requested'].includes(kind);
  // A lift is called off by a signed placing, or without any signature, which can only make safer.
  const isSignedKeeping = kind === 'lift.cancelled' && members['cmsSha256'] !== undefined;
  return (isCitizens && members['requestedBy'] === undefined) || isSignedKeeping;
}

/**
 * Applications by the one instant at which each was signed: its signature does not count again later. A placing may leave
 * two entries at that instant, a lift leaves one.
 */
export class UsedApplications {
  private readonly signedAt = new Map<string, Instant>();

  /** What is wrong when the application of an entry was signed at another instant. */
  fault({ row, kind, members }: ReadEntry): string | undefined {
    const id = String(members['applicationId']);
    const before = this.signedAt.get(id);
    if (before === undefined) this.signedAt.set(id, row.at);
    const isFirst = before === undefined || (before === row.at && kind !== 'lift.requested');
    return isFirst ? undefined : 'its application was signed before';
  }
}

/**
 * What is wrong with the signature behind an act, in words; undefined when it is the citizen's and valid.
 * @param kept undefined when nothing was kept; `person` when nobody is known under the subject.
 */
export async function faultOfSignature(
  entry: ReadEntry,
  kept: KeptDocument | undefined,
  person: KnownPerson | undefined,
  trust: TrustAnchors,
  judge: JudgeSignature = verifyAgain,
): Promise<string | undefined> {
  if (kept === undefined) return 'no signed document is kept';
  if (person === undefined) return 'nobody is known under its subject';
  const opened = open(kept, person.ring);
  if (opened === undefined) return 'the kept document does not open in its place';
  const { document, cms, revocation } = opened;
  const { row, kind, members } = entry;
  const hashes = {
    documentSha256: sha256(document),
    cmsSha256: sha256(cms),
    revocationSha256: sha256(revocation),
  };
  for (const [name, hash] of Object.entries(hashes))
    if (members[name] !== hash) return `another ${name} is kept`;
  const stated = readCanonical(document.toString('utf8'));
  if (stated === undefined) return 'the document is not canonical JSON';
  const differs = differingMember(entry, stated, kept, person.iin);
  if (differs !== undefined) return `the document has another ${differs}`;
  let signer: VerifiedSigner & { readonly stale: boolean };
  try {
    const staleCrlHoursAllowed = kind === 'lift.requested' ? 0 : 24;
    const kindOfList = kept.revocationKind === 'ncanode' ? 'ncanode' : 'crl';
    signer = await judge({
      ...{ cms, document, at: row.at, trust, staleCrlHoursAllowed },
      revocation: { kind: kindOfList, der: revocation },
    });
  } catch (error) {
    if (error instanceof Problem) return `the signature is refused: ${error.code}`;
    throw error;
  }
  if (signer.iin !== person.iin) return 'the signer is another person';
  if (signer.stale !== kept.isStale) return 'its list is said to have been as fresh as it was not';
  const certificate = [signer.certSha256, formatInstant(signer.certIssuedAt)];
  const isNamed = members['certSha256'] === certificate[0] && members['certIssuedAt'] === certificate[1];
  return isNamed ? undefined : 'signed with another certificate than the entry names';
}

function open(
  kept: KeptDocument,
  ring: SealingKey,
): Pick<KeptDocument, 'document' | 'cms' | 'revocation'> | undefined {
  const at = (column: 'document' | 'cms' | 'revocation'): Buffer =>
    unseal(ring, { table: 'signed_documents', column, row: kept.applicationUuid }, kept[column]);
  try {
    return { document: at('document'), cms: at('cms'), revocation: at('revocation') };
  } catch {
    return undefined;
  }
}

/** The first member in which document and entry differ. */
function differingMember(
  { row, kind, members }: ReadEntry,
  stated: Readonly<Record<string, unknown>>,
  kept: KeptDocument,
  iin: string,
): string | undefined {
  const isLift = kind === 'lift.requested';
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['applicationId', stated['applicationId'], members['applicationId']],
    ['applicationId', stated['applicationId'], idText('app', kept.applicationUuid)],
    ['kind', stated['kind'], isLift ? 'lift' : 'place'],
    ['iin', stated['iin'], iin],
    ['channel', stated['channel'], members['channel']],
    // A placing that only called off a lift changed no lock.
    ...(kind === 'lift.cancelled'
      ? []
      : ([['lockHours', stated['lockHours'], members['lockHours']]] as const)),
    ...(isLift
      ? ([['placeAgainAfterHours', stated['placeAgainAfterHours'], members['placeAgainAfterHours']]] as const)
      : []),
    ['hour', isWithin(stated, row.at), true],
  ];
  return pairs.find(([, a, b]) => a !== b)?.[0];
}

/** A signature of another hour cannot be put under a new entry. */
function isWithin(stated: Readonly<Record<string, unknown>>, at: Instant): boolean {
  const [openedAt, expiresAt] = [readInstant(stated['openedAt']), readInstant(stated['expiresAt'])];
  return openedAt !== undefined && expiresAt !== undefined && openedAt <= at && at < expiresAt;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

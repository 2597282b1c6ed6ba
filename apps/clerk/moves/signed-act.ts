/**
 * An act of a citizen as it is kept, opened and held against its entry: whose it is, what the document says, what was
 * signed. Opening it is the only moment at which the clerk sees an IIN, and the IIN must be the one of the subject.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readCanonical } from '#libs/journal/canonical.js';
import { personOf, personSaltOf } from '#libs/journal/commitment.js';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant, readInstant } from '#libs/journal/instant.js';
import { membersOf, type StoredEntry } from '#libs/journal/proven-entry.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { RevocationSubject, VerifiedSigner } from '#libs/signature/verified-signer.js';
import { signerToAsk } from '#libs/signature/verify-signature.js';
import { isIin, type Iin } from '#libs/subject/iin.js';
import { openDataKey } from '#libs/subject/data-key.js';
import { keyNamed, seal, unseal, type Random, type SealingKey } from '#libs/subject/seal.js';
import { subjectOf, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import { mustBeProven, Unproven } from './unproven.js';

/** A row of `people`. */
export interface SealedPerson {
  readonly personId: string;
  readonly dataKey: Buffer;
  readonly iin: Buffer;
}

/** A row of `signed_documents` with the person who sealed it. */
export interface KeptAct extends SealedPerson {
  readonly entryIndex: number;
  readonly applicationUuid: string;
  readonly document: Buffer;
  readonly cms: Buffer;
  readonly revocation: Buffer;
  readonly revocationKind: string;
}

/** What opens kept acts and shows whose they are. */
export interface OpeningKeys {
  readonly identity: SealingKey;
  readonly lookup: LookupKeys;
}

/** The same, opened. */
export interface OpenedAct {
  readonly iin: Iin;
  readonly personId: string;
  readonly applicationUuid: string;
  /** Of the person's sealed columns. */
  readonly key: SealingKey;
  readonly document: Buffer;
  readonly cms: Buffer;
  readonly revocation: Buffer;
  readonly revocationKind: 'crl' | 'ncanode';
}

/**
 * Opens an act as one of this subject.
 * @throws Unproven `document-not-opened`, `person-differs`; Error when the keys of this process are not the ones, which
 *   says nothing about the act.
 */
export function openAct(kept: KeptAct, subject: SubjectKey, { identity, lookup }: OpeningKeys): OpenedAct {
  const { personId, applicationUuid } = kept;
  const lookupKey = lookup.get(subject.epoch);
  assert(lookupKey !== undefined, 'no lookup key of this epoch');
  assert(keyNamed(identity, kept.dataKey.subarray(1, 5)) !== undefined, 'sealed under another identity key');
  const { key, iin } = opening(() => openPerson(kept, identity));
  mustBeProven(isIin(iin), 'document-not-opened');
  mustBeProven(subjectOf(lookupKey, subject.epoch, iin).bytes.equals(subject.bytes), 'person-differs');
  const at = (column: 'document' | 'cms' | 'revocation'): Buffer =>
    unseal(key, { table: 'signed_documents', column, row: applicationUuid }, kept[column]);
  const plain = opening(() => ({
    document: at('document'),
    cms: at('cms'),
    revocation: at('revocation'),
  }));
  const revocationKind = kept.revocationKind === 'ncanode' ? 'ncanode' : 'crl';
  return { iin, personId, applicationUuid, key, ...plain, revocationKind };
}

/** The person of a row that stands under the right pseudonym; undefined when it does not open or is another's. */
export function iinOfPerson(
  person: SealedPerson,
  subject: SubjectKey,
  { identity, lookup }: OpeningKeys,
): Iin | undefined {
  const lookupKey = lookup.get(subject.epoch);
  assert(lookupKey !== undefined, 'no lookup key of this epoch');
  try {
    const { iin } = openPerson(person, identity);
    return isIin(iin) && subjectOf(lookupKey, subject.epoch, iin).bytes.equals(subject.bytes)
      ? iin
      : undefined;
  } catch {
    return undefined;
  }
}

/** The certificate of a kept signature as its authority is asked about it, its path judged as of the signature. */
export function signerToAskAbout(
  kept: Pick<KeptAct, 'applicationUuid' | 'personId' | 'dataKey' | 'cms'>,
  identity: SealingKey,
  trust: TrustAnchors,
  signedAt: number,
): RevocationSubject {
  const key = openDataKey(identity, kept.personId, kept.dataKey);
  const place = { table: 'signed_documents', column: 'cms', row: kept.applicationUuid };
  return signerToAsk({ cms: unseal(key, place, kept.cms), trust, at: signedAt });
}

/** What a signed document says, as far as its entry says the same. */
export interface Stated {
  readonly lockHours: number;
  readonly placeAgainAfterHours?: number;
}

/**
 * Holds the act against its entry: person, hashes, and each member that both have.
 * @throws Unproven `person-differs`, `document-differs`
 */
export function statedIn(act: OpenedAct, entry: StoredEntry): Stated {
  const members = membersOf(entry);
  mustBeProven(members !== undefined && entry.seed !== null, 'entry-unreadable');
  mustBeProven(personOf(personSaltOf(entry.seed), act.iin) === members['person'], 'person-differs');
  const stated = readCanonical(act.document.toString('utf8'));
  mustBeProven(stated !== undefined, 'document-differs');
  const { lockHours, placeAgainAfterHours } = stated;
  const isLift = entry.kind === 'lift.requested';
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [sha256(act.document), members['documentSha256']],
    [sha256(act.cms), members['cmsSha256']],
    [sha256(act.revocation), members['revocationSha256']],
    [stated['kind'], isLift ? 'lift' : 'place'],
    [stated['applicationId'], members['applicationId']],
    [stated['applicationId'], uuidToId('app', act.applicationUuid)],
    [stated['iin'], act.iin],
    [stated['channel'], members['channel']],
    [lockHours, members['lockHours']],
    [isLift ? placeAgainAfterHours : undefined, members['placeAgainAfterHours']],
    [isOpenAt(stated, entry.at), true],
  ];
  mustBeProven(
    pairs.every(([a, b]) => a === b),
    'document-differs',
  );
  mustBeProven(isHours(lockHours), 'document-differs');
  mustBeProven(placeAgainAfterHours === undefined || isHours(placeAgainAfterHours), 'document-differs');
  return { lockHours, ...(placeAgainAfterHours !== undefined && { placeAgainAfterHours }) };
}

/** @throws Unproven `signer-differs` unless the person signed, with the certificate that the entry names. */
export function mustBeSignedBy(act: OpenedAct, entry: StoredEntry, signer: VerifiedSigner): void {
  const members = membersOf(entry);
  const isNamed =
    members?.['certSha256'] === signer.certSha256 &&
    members['certIssuedAt'] === formatInstant(signer.certIssuedAt);
  mustBeProven(isNamed && signer.iin === act.iin, 'signer-differs');
}

/**
 * What the authority said about a lift's certificate, sealed as it is kept beside the entry that rests on it.
 */
export function sealedAnswer({ applicationUuid, key }: OpenedAct, answer: Buffer, random: Random): Buffer {
  return seal(key, { table: 'revocation_answers', column: 'answer', row: applicationUuid }, answer, random);
}

/** base64url SHA-256. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

/** A document signed at another hour cannot be put under a new entry. */
function isOpenAt(stated: Readonly<Record<string, unknown>>, at: number): boolean {
  const [openedAt, expiresAt] = [readInstant(stated['openedAt']), readInstant(stated['expiresAt'])];
  return openedAt !== undefined && expiresAt !== undefined && openedAt <= at && at < expiresAt;
}

function isHours(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function openPerson(
  { personId, dataKey, iin }: SealedPerson,
  identity: SealingKey,
): { readonly key: SealingKey; readonly iin: string } {
  const key = openDataKey(identity, personId, dataKey);
  const place = { table: 'people', column: 'iin', row: personId };
  return { key, iin: unseal(key, place, iin).toString('utf8') };
}

function opening<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw new Unproven('document-not-opened', cause);
  }
}

/**
 * A signed lift, opened: whose it is and by which certificate. Opening it is the only moment at which the clerk sees
 * an IIN, and the IIN must be the one whose pseudonym the refusal bears.
 */
import assert from 'node:assert/strict';
import { uuidToId } from '#libs/journal/id.js';
import type { Instant } from '#libs/journal/instant.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { RevocationSubject } from '#libs/signature/verified-signer.js';
import { signerToAsk } from '#libs/signature/verify-signature.js';
import { openDataKey } from '#libs/subject/data-key.js';
import { parseIin, type Iin } from '#libs/subject/iin.js';
import { seal, unseal, type Random, type SealingKey } from '#libs/subject/seal.js';
import { subjectOf, type LookupKeys } from '#libs/subject/subject.js';

/** A signed lift, sealed as it is stored. */
export interface SealedRequest {
  readonly applicationId: string;
  readonly personId: string;
  readonly dataKey: Buffer;
  readonly iin: Buffer;
  readonly document: Buffer;
  readonly cms: Buffer;
}

export interface Due {
  /** Registry time of the reading, by the database. */
  readonly at: Instant;
  readonly refusal: Refusal;
  readonly request: SealedRequest;
}

/** What opens sealed requests and shows whose they are. */
export interface OpeningKeys {
  readonly identity: SealingKey;
  readonly lookup: LookupKeys;
}

/** @throws AssertionError when the sealed IIN is not that of the refusal's subject. */
export function personOfRequest({ refusal, request }: Due, { identity, lookup }: OpeningKeys): Iin {
  const { personId } = request;
  const key = openDataKey(identity, personId, request.dataKey);
  const iin = parseIin(
    unseal(key, { table: 'people', column: 'iin', row: personId }, request.iin).toString(),
  );
  const { epoch, bytes } = refusal.subject;
  const lookupKey = lookup.get(epoch);
  assert(lookupKey !== undefined, 'no lookup key of this epoch');
  assert(subjectOf(lookupKey, epoch, iin).bytes.equals(bytes), 'the signed lift belongs to somebody else');
  return iin;
}

/**
 * The certificate that signed, as its authority is asked about it. Its path is judged as of the signature: that it
 * expired while the lock ran makes the signature no worse.
 * @throws Problem `certificate-not-trusted` when its authority is no longer pinned.
 */
export function signerOfRequest(
  request: Pick<SealedRequest, 'applicationId' | 'personId' | 'dataKey' | 'cms'>,
  identity: SealingKey,
  trust: TrustAnchors,
  signedAt: number,
): RevocationSubject {
  const key = openDataKey(identity, request.personId, request.dataKey);
  const place = { table: 'signed_documents', column: 'cms', row: request.applicationId };
  return signerToAsk({ cms: unseal(key, place, request.cms), trust, at: signedAt });
}

/**
 * What the authority said about a lift's certificate, sealed as it is kept beside the entry that rests on it.
 */
export function sealedAnswer(
  { applicationId, personId, dataKey }: Pick<SealedRequest, 'applicationId' | 'personId' | 'dataKey'>,
  identity: SealingKey,
  answer: Buffer,
  random: Random,
): Buffer {
  const place = { table: 'revocation_answers', column: 'answer', row: applicationId };
  return seal(openDataKey(identity, personId, dataKey), place, answer, random);
}

/** The entry a lift or return rests on, as entries name it. */
export function requestedBy(refusal: Refusal): string {
  assert(refusal.requestedBy !== undefined, 'a lift was asked for by an entry');
  return uuidToId('ent', refusal.requestedBy);
}

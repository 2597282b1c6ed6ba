/**
 * What a verified signature becomes: one entry a move, each naming the application, the document, the CMS, the
 * certificate and the revocation answer it rests on, so that anybody who is shown them can verify the act again.
 */
import type { Draft } from '#libs/journal/act.js';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { Move } from '#libs/refusal/transitions.js';
import type { Iin } from '#libs/subject/iin.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { Application } from './application.js';

/** Hashes of what an act rests on, base64url. */
export interface Evidence {
  readonly cmsSha256: string;
  readonly certSha256: string;
  /** `notBefore` of the certificate, ms. */
  readonly certIssuedAt: number;
  /** Of the CRL or OCSP answer that was used. */
  readonly revocationSha256: string;
}

/** The entries of a signed application, in the order of its moves. */
export function signedDrafts(
  application: Application,
  moves: readonly Move[],
  person: { readonly subject: SubjectKey; readonly iin: Iin },
  evidence: Evidence,
): readonly Draft[] {
  return moves.map(({ kind, version, body }) => ({
    kind,
    person: { ...person, version },
    party: application.channel,
    body: {
      applicationId: uuidToId('app', application.uuid),
      channel: application.channel,
      identifiedBy: application.identifiedBy,
      documentSha256: application.documentSha256.toString('base64url'),
      cmsSha256: evidence.cmsSha256,
      certSha256: evidence.certSha256,
      certIssuedAt: formatInstant(evidence.certIssuedAt),
      revocationSha256: evidence.revocationSha256,
      ...body,
    },
  }));
}

/** What a signed application came to. */
export type OutcomeState = 'in-force' | 'lift-pending' | 'lifted';

/**
 * From the newest entry that came of the application: a lift stays pending until the clerk carries it out, and is
 * called off when it is neither.
 */
export function outcomeOf(newestKind: string, isStillPending: boolean): OutcomeState {
  if (newestKind === 'refusal.lifted') return 'lifted';
  return newestKind === 'lift.requested' && isStillPending ? 'lift-pending' : 'in-force';
}

/**
 * Signing an application: the checks of the signature in their order, and only after them the head of the Journal. What is
 * verified is always the stored document; whether it still counts is decided again under the Journal's lock.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Act, Made, Rows, Seen } from '#libs/journal/act.js';
import { idToUuid } from '#libs/journal/id.js';
import { Journal } from '#libs/journal/journal.service.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import { Problem } from '#libs/problem/problem.js';
import { refusalAfter, type Move } from '#libs/refusal/transitions.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import type { Rules } from '#libs/refusal/rules.js';
import { readCmsText } from '#libs/signature/cms-text.js';
import type { RevocationEvidence } from '#libs/signature/revocation.js';
import type { SignatureVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { VerifiedSigner } from '#libs/signature/verified-signer.js';
import type { Iin } from '#libs/subject/iin.js';
import { seal, unseal, type SealingKey } from '#libs/subject/seal.js';
import { subjectsOf, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import { refusalSeen } from '../refusal/refusal-seen.js';
import { mustBeAdmitted } from '../session/presence.js';
import type { CitizenTables } from '../tables.store.js';
import { lawAt, movesOf, mustBeOpen, type Application } from './application.js';
import { applicationByUuid, type FoundApplication, type SignedDocument } from './applications.store.js';
import { OutcomeService, type Outcome } from './outcome.service.js';
import { PeopleService } from './people.service.js';
import { documentPlace, signedPlace } from './person-secrets.js';
import { signedDrafts } from './signing.js';

/** Injection token of the `SignatureVerifier`. */
export const SIGNATURE_VERIFIER = Symbol('SIGNATURE_VERIFIER');
/** Injection token of the pinned `TrustAnchors`. */
export const TRUST_ANCHORS = Symbol('TRUST_ANCHORS');

/** A signature that passed every check and whose certificate is known good, and whose it is. */
interface Verified {
  readonly application: Application;
  readonly iin: Iin;
  readonly key: SealingKey;
  readonly document: Buffer;
  readonly cms: Buffer;
  readonly signer: VerifiedSigner;
  readonly evidence: RevocationEvidence;
}

@Injectable()
export class SigningService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Journal) private readonly journal: Journal<CitizenTables, Rules>,
    @Inject(LOOKUP_KEYS) private readonly keys: LookupKeys,
    @Inject(PeopleService) private readonly people: PeopleService,
    @Inject(SIGNATURE_VERIFIER) private readonly verifier: SignatureVerifier,
    @Inject(TRUST_ANCHORS) private readonly trust: TrustAnchors,
    @Inject(OutcomeService) private readonly outcomes: OutcomeService,
  ) {}

  /**
   * Signs an application for the channel that opened it.
   * @param cmsText base64, as `readCmsText` takes it
   * @throws Problem `not-found`, and those of `sign`
   */
  async signForChannel(
    channel: string,
    applicationId: string,
    cmsText: string,
    gone: AbortSignal,
  ): Promise<Outcome> {
    const found = await applicationByUuid(this.dataSource.manager, idToUuid('app', applicationId));
    if (found?.application.channel !== channel) throw new Problem('not-found');
    return this.sign(found, cmsText, gone);
  }

  /**
   * Signs an application, or answers again for the CMS that signed it. A caller who has `gone` is not waited for, and what
   * was signed stays signed.
   * @throws Problem of 4.7: `signature-*`, `certificate-*`, `revocation-unavailable`, `signer-not-applicant`,
   *   `application-*`; of the refusal: `refusal-already-in-force`, `no-refusal-in-force`, `lift-already-pending`
   */
  async sign(found: FoundApplication, cmsText: string, gone: AbortSignal): Promise<Outcome> {
    const cms = readCmsText(cmsText);
    if (cms === undefined) throw new Problem('signature-malformed');
    const { application, person } = found;
    const opened = await this.people.open(this.dataSource.manager, person);
    // The row was bent since the opening; one that is opened now finds a good one.
    if (opened === undefined) throw new Problem('application-void');
    const { key, iin } = opened;
    // The same signature again needs no second look: it counted, whatever became of its certificate since.
    if (isSignedBy(application, cms)) return this.outcomes.outcome(application, iin, false, gone);
    const verified = await this.verify(found, { key, iin, cms });
    const { signed, isDue } = await this.journal.submit(this.act(verified));
    return this.outcomes.outcome(signed, iin, isDue, gone);
  }

  /** Every check but for what may change until the commit. */
  private async verify(
    { application, sealedDocument, at }: FoundApplication,
    { key, iin, cms }: Pick<Verified, 'key' | 'iin' | 'cms'>,
  ): Promise<Verified> {
    const document = unseal(key, documentPlace(application.uuid), sealedDocument);
    const signer = await this.verifier.verify({ cms, document, at, trust: this.trust });
    const staleCrlHoursAllowed = application.kind === 'place' ? 24 : 0;
    const evidence = await this.verifier.knownGood({ signer, at, staleCrlHoursAllowed });
    if (signer.iin !== iin) throw new Problem('signer-not-applicant');
    mustBeOpen(application, undefined, at);
    return { application, iin, key, document, cms, signer, evidence };
  }

  private act(
    verified: Verified,
  ): Act<CitizenTables, Rules, { readonly signed: Application; readonly isDue: boolean }> {
    const { uuid } = verified.application;
    const subjects = subjectsOf(this.keys, verified.iin);
    const documents = sealedDocuments(verified);
    return {
      party: verified.application.channel,
      look: { applications: [uuid], refusals: subjects },
      decide: (seen) => {
        const application = seen.find('applications', uuid);
        assert(application !== undefined, 'an application does not disappear');
        if (isSignedBy(application, verified.cms))
          return { entries: [], answer: () => ({ signed: application, isDue: false }) };
        const before = refusalSeen(subjects, (name) => seen.find('refusals', name));
        const moves = movesNow(seen, application, before);
        const subject = before?.subject ?? verified.application.subject;
        const evidence = { ...verified.signer, revocationSha256: verified.evidence.sha256 };
        const signed = (made: readonly Made[]): Application => ({
          ...application,
          stored: 'signed',
          cmsSha256: sha256(verified.cms),
          entryIndex: lastOf(made).index,
        });
        return {
          entries: signedDrafts(application, moves, { subject, iin: verified.iin }, evidence),
          rows: (made) => ({
            ...refusalRows(before, subject, moves, made),
            applications: [signed(made)],
            signed_documents: made.map(({ index }) => ({ ...documents, entryIndex: index })),
          }),
          answer: (_receipts, made) => ({
            signed: signed(made),
            isDue: moves.some(({ next }) => next.liftsAt !== undefined && next.liftsAt <= seen.at),
          }),
        };
      },
    };
  }
}

/** What the signature does now. @throws Problem when the application or the refusal moved since it was opened. */
function movesNow(
  { at, rules }: Seen<CitizenTables, Rules>,
  application: Application,
  refusal: Refusal | undefined,
): readonly Move[] {
  mustBeAdmitted(rules, application.channel);
  mustBeOpen(application, refusal, at);
  return movesOf(application, refusal, lawAt(rules.regime, at).liftDelayHours, at);
}

/** The refusal after the moves, and what the clerk must do because of them. */
function refusalRows(
  before: Refusal | undefined,
  subject: SubjectKey,
  moves: readonly Move[],
  made: readonly Made[],
): Rows<CitizenTables> {
  const after = refusalAfter(before, subject, moves, made);
  const { liftRequestedAt } = after;
  // At once, because the clerk judges a lift right after its request, and only it knows the hour.
  const due = liftRequestedAt === undefined ? [] : [{ entryIndex: after.entryIndex, dueAt: liftRequestedAt }];
  return { refusals: [after], due_moves: due };
}

/** Everything an act rests on, sealed under the person's key. */
function sealedDocuments({
  application,
  key,
  document,
  cms,
  evidence,
}: Verified): Omit<SignedDocument, 'entryIndex'> {
  const { uuid, personId } = application;
  const sealed = (column: 'document' | 'cms' | 'revocation', plain: Buffer): Buffer =>
    seal(key, signedPlace(column, uuid), plain, randomBytes);
  return {
    applicationUuid: uuid,
    personId,
    document: sealed('document', document),
    cms: sealed('cms', cms),
    revocation: sealed('revocation', evidence.der),
    revocationKind: evidence.kind,
    isStale: evidence.stale,
  };
}

function isSignedBy(application: Application, cms: Buffer): boolean {
  return application.cmsSha256?.equals(sha256(cms)) === true;
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function lastOf(made: readonly Made[]): Made {
  const last = made.at(-1);
  assert(last !== undefined, 'a signature that left no entry');
  return last;
}

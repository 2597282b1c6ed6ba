/**
 * What the citizen app does from an opened application to the answer, by its own documents, tables and places, with each
 * step replaceable, so that a spec can say in one line what is wrong with this act.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Act } from '#libs/journal/act.js';
import { canonical } from '#libs/journal/canonical.js';
import { newUuid, uuidToId } from '#libs/journal/id.js';
import type { Journal } from '#libs/journal/journal.service.js';
import { dueMovesTable } from '#libs/refusal/due-moves.store.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalsTable } from '#libs/refusal/refusals.store.js';
import { lift, place, refusalAfter, type Move } from '#libs/refusal/transitions.js';
import { isNational, nationalSigner } from '#libs/signature/national-signer.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import { verifySignature } from '#libs/signature/verify-signature.js';
import type { Iin } from '#libs/subject/iin.js';
import { keyOf, newPerson, type Person } from '#libs/subject/person.js';
import { seal, type SealingKey } from '#libs/subject/seal.js';
import { subjectOf, subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import { signableMs, type Application, type Ask } from '../../apps/citizen/applications/application.js';
import {
  signedDocumentsTable,
  type SignedDocument,
} from '../../apps/citizen/applications/applications.store.js';
import { documentOf } from '../../apps/citizen/applications/document.js';
import { signedPlace } from '../../apps/citizen/applications/person-secrets.js';
import { signedDrafts } from '../../apps/citizen/applications/signing.js';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import type { TestDatabase } from './database.js';

export const citizenTables = {
  refusals: refusalsTable,
  due_moves: dueMovesTable,
  signed_documents: signedDocumentsTable,
};

/** The process of the citizen app. */
export interface Hand {
  readonly database: TestDatabase;
  readonly journal: Journal<typeof citizenTables, object>;
  readonly lookup: LookupKeys;
  readonly identity: SealingKey;
  readonly trust: TrustAnchors;
  /** Registry time. */
  now(): Promise<number>;
  /** The authority's list of this instant, with nothing in it. */
  list(at: number): Promise<Buffer>;
}

export interface ScenePerson {
  readonly iin: Iin;
  readonly subject: SubjectKey;
  readonly personId: string;
  readonly credential: Credential;
  readonly sealed: Person;
}

/** What is not as an honest citizen app would leave it. */
export interface Forgery {
  /** Members of the document that are replaced before it is signed. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** Members of the entry. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Who signs. */
  readonly signer?: Credential;
  /** How the document is signed, if not as a phone does it. */
  sign?(document: Buffer): Buffer;
  /** What is kept under the entry instead of the signed document; null keeps nothing. */
  readonly kept?: Omit<SignedDocument, 'entryIndex'> | null;
  /** The row as it is written. */
  row?(row: Refusal): Refusal;
}

/** An act that was left, and what stands behind it. */
export interface LeftAct {
  /** Of its last entry. */
  readonly index: number;
  readonly kept: Omit<SignedDocument, 'entryIndex'>;
}

/** Makes the row of a person nobody has met yet. */
export async function knowPerson(
  { database, lookup, identity }: Pick<Hand, 'database' | 'lookup' | 'identity'>,
  iin: Iin,
  credential: Credential,
): Promise<ScenePerson> {
  const [epoch = 1, key = Buffer.alloc(0)] = [...lookup][0] ?? [];
  const subject = subjectOf(key, epoch, iin);
  const sealed = newPerson(identity, randomUUID(), subject, iin, randomBytes);
  await database.superuser.query(
    `INSERT INTO people (person_id, subject_epoch, subject, data_key, iin, first_seen_at) VALUES ($1, $2, $3, $4, $5, now())`,
    [sealed.personId, epoch, subject.bytes, sealed.dataKey, sealed.iin],
  );
  return { iin, subject, personId: sealed.personId, credential, sealed };
}

/** Opens, signs and appends. */
export async function signAct(
  hand: Hand,
  person: ScenePerson,
  ask: Ask,
  forgery: Forgery = {},
): Promise<LeftAct> {
  const at = await hand.now();
  const uuid = newUuid(at);
  const application: Application = {
    ...ask,
    ...{ uuid, personId: person.personId, subject: person.subject, stored: 'open', channel: 'egov-portal' },
    ...{ identifiedBy: 'sms', language: 'ru', documentSha256: Buffer.alloc(0) },
    ...{ openedAt: at, expiresAt: at + signableMs },
  };
  const made = documentOf({
    ...{ applicationId: uuidToId('app', uuid), ask, iin: person.iin, nonce: randomBytes(32) },
    ...{ openedAt: at, expiresAt: at + signableMs, channel: 'egov-portal', language: 'ru', waitHours: 0 },
  });
  const document = Buffer.from(
    canonical({ ...(JSON.parse(made.toString()) as object), ...forgery.document }),
  );
  const cms =
    forgery.sign?.(document) ??
    (await signDocument({ document, ...(forgery.signer ?? person.credential), at }));
  const revocation = isNational(cms) ? Buffer.from('{}') : await hand.list(at);
  const input = { cms, document, at, trust: hand.trust };
  const signer = isNational(cms) ? nationalSigner(input) : await verifySignature(input);
  const { certSha256, certIssuedAt } = signer;
  const own = keyOf(hand.identity, person.sealed);
  const sealed = (column: 'document' | 'cms' | 'revocation', plain: Buffer): Buffer =>
    seal(own, signedPlace(column, uuid), plain, randomBytes);
  const signed = {
    ...{ applicationUuid: uuid, personId: person.personId, isStale: false },
    revocationKind: isNational(cms) ? ('ncanode' as const) : ('crl' as const),
    ...{ document: sealed('document', document), cms: sealed('cms', cms) },
    revocation: sealed('revocation', revocation),
  };
  const kept = forgery.kept === undefined ? signed : forgery.kept;
  const documentSha256 = createHash('sha256').update(document).digest();
  const evidence = {
    ...{ certSha256, certIssuedAt },
    cmsSha256: base64url(cms),
    revocationSha256: base64url(revocation),
  };
  const index = await hand.journal.submit(
    actOf({ ...application, documentSha256 }, person, { evidence, kept, forgery }),
  );
  return { index, kept: signed };
}

function actOf(
  application: Application,
  { subject, iin }: ScenePerson,
  given: {
    readonly evidence: Parameters<typeof signedDrafts>[3];
    readonly kept: Forgery['kept'];
    readonly forgery: Forgery;
  },
): Act<typeof citizenTables, object, number> {
  return {
    look: { refusals: [subject] },
    decide: (seen) => {
      const before = seen.find('refusals', subjectText(subject));
      const moves = movesOf(application, before, seen.at);
      const drafts = signedDrafts(application, moves, { subject, iin }, given.evidence);
      return {
        entries: drafts.map((draft) => ({ ...draft, body: { ...draft.body, ...given.forgery.entry } })),
        rows: (made) => {
          const after = refusalAfter(before, subject, moves, made);
          const { liftRequestedAt } = after;
          const row = given.forgery.row?.(after) ?? after;
          const { kept } = given;
          return {
            refusals: [row],
            due_moves:
              liftRequestedAt === undefined ? [] : [{ entryIndex: after.entryIndex, dueAt: liftRequestedAt }],
            signed_documents: kept ? made.map(({ index }) => ({ ...kept, entryIndex: index })) : [],
          };
        },
        answer: (_receipts, made) => made.at(-1)?.index ?? -1,
      };
    },
  };
}

function movesOf(ask: Ask, now: Refusal | undefined, at: number): readonly Move[] {
  if (ask.kind === 'place') return place(now, ask.lockHours, at);
  const again = ask.placeAgainAfterHours;
  return lift(now, { liftDelayHours: 0, ...(again !== undefined && { placeAgainAfterHours: again }) }, at);
}

function base64url(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

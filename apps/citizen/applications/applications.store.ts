/**
 * SQL of applications and of the documents signed through them. Opening is a transaction of its own; a signature is
 * written only in the append of its entry, and what it rests on is insert-only.
 */
import type { EntityManager } from 'typeorm';
import type { Table } from '#libs/journal/act.js';
import { bytesFromJson, instantFromJson } from '#libs/journal/json-row.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import type { Application, ApplicationKind, IdentifiedBy, Language } from './application.js';
import { personFromJson } from './people.store.js';
import type { Person } from '#libs/subject/person.js';

/** Applications as acts look them up, and as the append marks them signed. */
export const applicationsTable: Table<string, Application> = {
  name: 'applications',
  keyOf: (application) => application.uuid,
  look: {
    keyOf: (uuid) => uuid,
    // LIMIT makes it an index search for each, however small the table was when the plan was made.
    sql: `SELECT a.* FROM unnest($1::uuid[]) AS w (id)
      CROSS JOIN LATERAL (SELECT * FROM applications WHERE application_id = w.id LIMIT 1) AS a`,
    params: (uuids) => [uuids],
    fromJson: applicationFromJson,
  },
  insert: {
    // Not only of an open one: a newer application may void it between the look and the append, and then this
    // signature came first.
    sql: `UPDATE applications SET state = 'signed', phone_document = NULL,
        cms_sha256 = ($2::bytea[])[array_position($1::uuid[], application_id)],
        entry_index = ($3::bigint[])[array_position($1::uuid[], application_id)]
      WHERE application_id = ANY ($1::uuid[]) AND state <> 'signed' RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.uuid),
      rows.map((row) => row.cmsSha256),
      rows.map((row) => row.entryIndex),
    ],
  },
};

/** What one entry of a citizen rests on; everything but the last two sealed under the application's row name. */
export interface SignedDocument {
  readonly entryIndex: number;
  readonly applicationUuid: string;
  readonly personId: string;
  readonly document: Buffer;
  readonly cms: Buffer;
  readonly revocation: Buffer;
  readonly revocationKind: 'crl' | 'ocsp' | 'ncanode';
  readonly isStale: boolean;
}

export const signedDocumentsTable: Table<never, SignedDocument> = {
  name: 'signed_documents',
  keyOf: (row) => String(row.entryIndex),
  insert: {
    sql: `INSERT INTO signed_documents (entry_index, application_id, person_id, document, cms, revocation,
        revocation_kind, revocation_stale)
      SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[],
        $8::boolean[]) RETURNING 1`,
    params: (rows) => [
      rows.map((row) => row.entryIndex),
      rows.map((row) => row.applicationUuid),
      rows.map((row) => row.personId),
      rows.map((row) => row.document),
      rows.map((row) => row.cms),
      rows.map((row) => row.revocation),
      rows.map((row) => row.revocationKind),
      rows.map((row) => row.isStale),
    ],
  },
};

/** An application with its sealed document, its applicant and the registry time of the reading. */
export interface FoundApplication {
  readonly application: Application;
  readonly sealedDocument: Buffer;
  /** The phone's copy; absent once it is signed. */
  readonly phoneDocument?: Buffer;
  readonly person: Person;
  readonly at: number;
}

const found = `SELECT to_jsonb(a) AS application, to_jsonb(p) AS person,
    (extract(epoch FROM registry_now()) * 1000)::bigint AS at
  FROM applications a JOIN people p USING (person_id)`;

/** By id; undefined when there is none. */
export async function applicationByUuid(
  tx: EntityManager,
  uuid: string,
): Promise<FoundApplication | undefined> {
  return foundFrom(await tx.query(`${found} WHERE a.application_id = $1`, [uuid]));
}

/** By the token a phone holds; undefined when nobody holds such a one. */
export async function applicationByPhoneToken(
  tx: EntityManager,
  tokenSha256: Buffer,
): Promise<FoundApplication | undefined> {
  return foundFrom(await tx.query(`${found} WHERE a.phone_token_sha256 = $1`, [tokenSha256]));
}

/**
 * Takes the one use of a QR code's secret and leaves the token that replaces it, in one statement: of two phones that
 * come at once one gets it.
 * @returns the application's UUID, or undefined when the secret is unknown, used or too old.
 */
export async function takePhoneSecret(
  tx: EntityManager,
  secretSha256: Buffer,
  tokenSha256: Buffer,
): Promise<string | undefined> {
  const [rows]: [{ application_id: string }[], number] = await tx.query(
    `UPDATE applications SET phone_token_sha256 = $2
     WHERE phone_secret_sha256 = $1 AND phone_token_sha256 IS NULL AND state = 'open'
       AND phone_expires_at > registry_now() AND expires_at > registry_now()
     RETURNING application_id`,
    [secretSha256, tokenSha256],
  );
  return rows[0]?.application_id;
}

/** What is stored of an application when it is opened. */
export interface OpenedApplication extends Omit<Application, 'stored' | 'cmsSha256' | 'entryIndex'> {
  readonly sealedDocument: Buffer;
  /** The phone's copy, sealed under the key of its token. */
  readonly phoneDocument: Buffer;
  readonly phoneSecretSha256: Buffer;
  readonly phoneExpiresAt: number;
}

/** Stores a new application and voids the person's open ones, in this order of locks: the row that a signing may want last. */
export async function insertApplication(tx: EntityManager, opened: OpenedApplication): Promise<void> {
  await tx.query(
    `INSERT INTO applications (application_id, person_id, subject_epoch, subject, kind, state, channel, identified_by,
       lock_hours, place_again_after_hours, language, document, document_sha256, opened_at, expires_at,
       phone_secret_sha256, phone_expires_at, phone_document)
     VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      opened.uuid,
      opened.personId,
      opened.subject.epoch,
      opened.subject.bytes,
      opened.kind,
      opened.channel,
      opened.identifiedBy,
      opened.lockHours,
      opened.placeAgainAfterHours ?? null,
      opened.language,
      opened.sealedDocument,
      opened.documentSha256,
      new Date(opened.openedAt),
      new Date(opened.expiresAt),
      opened.phoneSecretSha256,
      new Date(opened.phoneExpiresAt),
      opened.phoneDocument,
    ],
  );
  // By the pseudonym, which has an index; by the person alone it would read all applications there ever were.
  await tx.query(
    `UPDATE applications SET state = 'void'
     WHERE subject = $3 AND subject_epoch = $4 AND person_id = $1 AND application_id <> $2 AND state = 'open'`,
    [opened.personId, opened.uuid, opened.subject.bytes, opened.subject.epoch],
  );
}

/**
 * The newest entry that came of an application: its own, or what the clerk did later because of it.
 * @param subjects the person's pseudonyms in every live epoch
 * @param ownIndex the entry of the signature
 */
export async function newestEntryOf(
  tx: EntityManager,
  subjects: readonly SubjectKey[],
  ownIndex: number,
): Promise<{ readonly index: number; readonly kind: string } | undefined> {
  const rows: { index: number; kind: string }[] = await tx.query(
    `SELECT e.index, e.kind FROM entries e
     JOIN entries own ON own.index = $2
     WHERE e.subject = ANY ($1::bytea[]) AND e.index >= $2 AND (e.index = $2 OR
       strpos(e.entry, '"requestedBy":"' || (own.entry::jsonb ->> 'id') || '"') > 0)
     ORDER BY e.index DESC LIMIT 1`,
    [subjects.map(({ bytes }) => bytes), ownIndex],
  );
  return rows[0];
}

/** A row of the table as JSON (`to_jsonb`). */
function applicationFromJson(row: Readonly<Record<string, unknown>>): Application {
  const again = row['place_again_after_hours'] as number | null;
  const cms = row['cms_sha256'];
  const entryIndex = row['entry_index'] as number | null;
  return {
    uuid: row['application_id'] as string,
    personId: row['person_id'] as string,
    subject: { epoch: row['subject_epoch'] as number, bytes: bytesFromJson(row['subject']) },
    kind: row['kind'] as ApplicationKind,
    stored: row['state'] as Application['stored'],
    channel: row['channel'] as string,
    identifiedBy: row['identified_by'] as IdentifiedBy,
    lockHours: row['lock_hours'] as number,
    ...(again !== null && { placeAgainAfterHours: again }),
    language: row['language'] as Language,
    documentSha256: bytesFromJson(row['document_sha256']),
    openedAt: instantFromJson(row['opened_at']) ?? 0,
    expiresAt: instantFromJson(row['expires_at']) ?? 0,
    ...(cms !== null && { cmsSha256: bytesFromJson(cms) }),
    ...(entryIndex !== null && { entryIndex }),
  };
}

function foundFrom(
  rows: readonly { application: Record<string, unknown>; person: Record<string, unknown>; at: number }[],
): FoundApplication | undefined {
  const row = rows[0];
  const phoneDocument = row?.application['phone_document'];
  return (
    row && {
      application: applicationFromJson(row.application),
      sealedDocument: bytesFromJson(row.application['document']),
      ...(typeof phoneDocument === 'string' && { phoneDocument: bytesFromJson(phoneDocument) }),
      person: personFromJson(row.person),
      at: row.at,
    }
  );
}

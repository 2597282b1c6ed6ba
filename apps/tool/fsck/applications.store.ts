/** What fsck reads of applications, paged by key. */
import type { EntityManager } from 'typeorm';
import type { PersonRow } from './people.js';

/** An application as it was opened, with its applicant. */
export interface OpenedRow {
  readonly uuid: string;
  readonly person: PersonRow;
  /** Whether its pseudonym is its applicant's, as far as one epoch can tell. */
  readonly isOfApplicant: boolean;
  readonly kind: string;
  readonly state: string;
  readonly channel: string;
  readonly lockHours: number;
  readonly placeAgainAfterHours: number | null;
  readonly document: Buffer;
  readonly documentSha256: Buffer;
  readonly openedAt: number;
  readonly expiresAt: number;
  readonly phoneExpiresAt: number;
  /**
   * Whether the applicant opened another one later, or in the same millisecond, which voids it; long after that the other
   * may be gone.
   */
  readonly isReplaced: boolean;
}

const msOf = (column: string): string => `(extract(epoch FROM a.${column}) * 1000)::float8`;

/** Applications after this id, in the order of their ids. */
export async function applicationsAfter(
  tx: EntityManager,
  after: string,
  limit: number,
): Promise<readonly OpenedRow[]> {
  const rows: (Omit<OpenedRow, 'person'> & {
    personId: string;
    subjectEpoch: number;
    subject: Buffer;
    dataKey: Buffer;
    iin: Buffer;
  })[] = await tx.query(
    `SELECT a.application_id AS uuid, p.person_id AS "personId", p.subject_epoch AS "subjectEpoch", p.subject,
       p.data_key AS "dataKey", p.iin, (p.subject_epoch <> a.subject_epoch OR p.subject = a.subject) AS "isOfApplicant",
       a.kind, a.state, a.channel, a.lock_hours AS "lockHours", a.place_again_after_hours AS "placeAgainAfterHours",
       a.document, a.document_sha256 AS "documentSha256", ${msOf('opened_at')} AS "openedAt",
       ${msOf('expires_at')} AS "expiresAt", ${msOf('phone_expires_at')} AS "phoneExpiresAt",
       EXISTS (SELECT FROM applications n WHERE n.subject = a.subject AND n.subject_epoch = a.subject_epoch
         AND n.person_id = a.person_id AND (n.opened_at > a.opened_at
           OR n.opened_at = a.opened_at AND n.application_id <> a.application_id AND n.state <> 'void'))
         OR a.opened_at < registry_now() - interval '1 day' AND a.state = 'void' AS "isReplaced"
     FROM (SELECT * FROM applications WHERE application_id > $1 ORDER BY application_id LIMIT $2) a
     JOIN people p ON p.person_id = a.person_id ORDER BY a.application_id`,
    [after, limit],
  );
  return rows.map(({ personId, subjectEpoch, subject, dataKey, iin, ...row }) => ({
    ...row,
    person: { personId, subject: { epoch: subjectEpoch, bytes: subject }, dataKey, iin },
  }));
}

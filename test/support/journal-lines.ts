/** The Journal of a test database as the checker of histories reads it: from the entries, and from no other table. */
import type { Line, Verdict } from './history.js';
import type { TestDatabase } from './database.js';

interface Row {
  readonly index: number;
  readonly kind: string;
  readonly subject: Buffer;
  readonly epoch: number;
  readonly entry: Members;
  readonly leaf: Buffer;
}

interface Members {
  readonly id: string;
  readonly at: string;
  readonly version: number;
  readonly loanRef?: string;
  readonly applicationId?: string;
  readonly requestedBy?: string;
  readonly verdict?: Verdict;
  readonly prev?: string;
}

/** Every entry, in the order of the Journal. */
export async function journalLines({ superuser }: Pick<TestDatabase, 'superuser'>): Promise<readonly Line[]> {
  const { rows } = await superuser.query<Row>(
    `SELECT index::float8, kind, subject, subject_epoch AS epoch, entry::jsonb AS entry, leaf_hash AS leaf
     FROM entries ORDER BY index`,
  );
  return rows.map(({ index, kind, subject, epoch, entry, leaf }) => {
    const { id, at, version, loanRef, applicationId, requestedBy, verdict, prev } = entry;
    return {
      ...{ index, id, kind, version, at: Date.parse(at), leaf: leaf.toString('base64url') },
      key: loanRef ?? applicationId ?? requestedBy ?? id,
      person: `${epoch}:${subject.toString('base64url')}`,
      ...(verdict !== undefined && { verdict }),
      ...(prev !== undefined && { prev }),
    };
  });
}

/**
 * Applications, open ones too: the sealed document opens with its applicant's key, and what stands beside it is what it
 * says, because from these columns the processes decide what a signature does.
 */
import { createHash } from 'node:crypto';
import { readCanonical } from '#libs/journal/canonical.js';
import { readInstant } from '#libs/journal/instant.js';
import { unseal, type SealingKey } from '#libs/subject/seal.js';
import { subjectText } from '#libs/subject/subject.js';
import { idText } from './id-text.js';
import { applicationsAfter, type OpenedRow } from './applications.store.js';
import type { Finding } from './finding.js';
import { knownPeople } from './people.js';
import { compareRow } from './projections.js';
import type { Slice, SliceRun } from './slice.service.js';

const firstUuid = '00000000-0000-0000-0000-000000000000';

export const applications: Slice = {
  tables: ['applications'],
  async compare(run) {
    const found: Finding[] = [];
    let after: string | undefined = firstUuid;
    while (after !== undefined) {
      const page: readonly OpenedRow[] = await applicationsAfter(run.tx, after, run.pageSize);
      for (const row of page) found.push(...faultsOf(row, run));
      after = page.at(-1)?.uuid;
    }
    return found;
  },
};

function faultsOf(row: OpenedRow, { identityKey, lookupKeys }: SliceRun): readonly Finding[] {
  const name = idText('app', row.uuid);
  const say = (what: string): readonly Finding[] => [
    { code: 'row-differs', table: 'applications', row: name, what },
  ];
  // What is wrong with the person is a finding of its own.
  const known = knownPeople([row.person], identityKey, lookupKeys).people;
  const person = known.get(subjectText(row.person.subject));
  if (person === undefined) return say('its applicant is unknown');
  const document = opened(row, person.ring);
  if (document === undefined) return say('its document does not open in its place');
  const stated = readCanonical(document.toString('utf8'));
  if (stated === undefined) return say('its document cannot be read');
  const expected = {
    applicationId: stated['applicationId'],
    kind: stated['kind'],
    lockHours: stated['lockHours'],
    placeAgainAfterHours: stated['placeAgainAfterHours'] ?? null,
    channel: stated['channel'],
    openedAt: readInstant(stated['openedAt']),
    expiresAt: readInstant(stated['expiresAt']),
    documentSha256: createHash('sha256').update(document).digest(),
    iin: stated['iin'] === person.iin,
    isOfApplicant: true,
    phoneExpiresAt: 'within its life',
    state: row.state === 'signed' ? 'signed' : row.isReplaced ? 'void' : 'open',
  };
  const { kind, lockHours, placeAgainAfterHours, channel, openedAt, expiresAt, documentSha256, state } = row;
  const isWithin = row.phoneExpiresAt > openedAt && row.phoneExpiresAt <= expiresAt;
  const actual = {
    ...{ applicationId: name, kind, lockHours, placeAgainAfterHours, channel, openedAt, expiresAt },
    ...{ documentSha256, iin: true, isOfApplicant: row.isOfApplicant, state },
    phoneExpiresAt: isWithin ? 'within its life' : 'elsewhere',
  };
  return compareRow('applications', name, expected, actual);
}

function opened({ uuid, document }: OpenedRow, ring: SealingKey): Buffer | undefined {
  try {
    return unseal(ring, { table: 'applications', column: 'document', row: uuid }, document);
  } catch {
    return undefined;
  }
}

/** After the Journal is read: every other table, paged by key, compared with what the entries demand. */
import { AssertionError } from 'node:assert/strict';
import type { EntityManager } from 'typeorm';
import type { SealingKey } from '#libs/subject/seal.js';
import { subjectText, type LookupKeys, type SubjectKey } from '#libs/subject/subject.js';
import type { Registry } from '#libs/acts/registry.js';
import { loadRegistry } from '../acts/registry.store.js';
import { idText } from './id-text.js';
import type { ReadEntry } from './entry-rows.js';
import type { Finding } from './finding.js';
import {
  checksAndEntries,
  countChecks,
  feedAfter,
  peopleAfter,
  refusalsAfter,
  signedApplications,
  type FeedRow,
} from './fsck.store.js';
import { knownPeople, type PersonRow } from './people.js';
import {
  alarmOfEntry,
  checkOfEntry,
  compareRegistry,
  compareRow,
  type ApplicationRow,
  type AlarmRow,
  type CheckRow,
} from './projections.js';
import { restingRowsAfter, restingTables, type RestingRow } from './resting.store.js';
import type { Standing } from './standing.js';
import type { Standings } from './standings.js';

export interface Run {
  readonly tx: EntityManager;
  /** Rows written by entries from here on are newer than this run and left out. */
  readonly size: number;
  readonly pageSize: number;
}

const firstUuid = '00000000-0000-0000-0000-000000000000';

/** @param standings what the entries demand. */
export async function compareRefusals(
  { tx, size, pageSize }: Run,
  standings: Standings,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  let after: SubjectKey | undefined = { epoch: -1, bytes: Buffer.alloc(0) };
  while (after !== undefined) {
    const page: readonly Standing[] = await refusalsAfter(tx, after, pageSize);
    for (const row of page) {
      const expected = standings.compare(row.subject);
      if (row.entryIndex < size)
        found.push(...compareRow('refusals', () => subjectText(row.subject), expected, row));
    }
    after = page.at(-1)?.subject;
  }
  for (const standing of standings.left())
    found.push(...compareRow('refusals', () => subjectText(standing.subject), standing, undefined));
  return found;
}

/** Compares checks with their rows, by UUID. `rows` counts those that were found and name their entry. */
export function compareChecksOf(
  entries: readonly ReadEntry[],
  rows: ReadonlyMap<string, CheckRow>,
): { readonly findings: readonly Finding[]; readonly rows: number } {
  const demanded = entries
    .filter(({ kind }) => kind === 'check.made')
    .map((entry) => ({ index: entry.row.index, row: checkOfEntry(entry) }));
  const findings = demanded.flatMap(({ index, row }): readonly Finding[] =>
    row === undefined
      ? [{ code: 'entry-malformed', index, what: 'no checkId' }]
      : compareRow('checks', () => idText('chk', row.uuid), row, rows.get(row.uuid)),
  );
  const isFound = ({ index, row }: (typeof demanded)[number]): boolean =>
    row !== undefined && rows.get(row.uuid)?.entryIndex === index;
  return { findings, rows: demanded.filter(isFound).length };
}

/** The rows that these entries of suspicions demand. */
export function compareAlarmsOf(
  entries: readonly ReadEntry[],
  rows: readonly AlarmRow[],
): readonly Finding[] {
  const demanded = entries.filter(({ kind }) => kind === 'harvesting.suspected').map(alarmOfEntry);
  return demanded.flatMap((alarm): readonly Finding[] => {
    const own = rows.filter(({ entryIndex }) => entryIndex === alarm.entryIndex);
    const found = own.length === 0 ? [undefined] : own;
    return found.flatMap((row) => compareRow('harvesting_alarms', String(alarm.entryIndex), alarm, row));
  });
}

/**
 * Checks that no entry, or another check's, stands behind. A row that was found names one entry, and each entry another
 * row; so when there are only as many, none is left over, and they need not be read again.
 * @param rows how many were found
 */
export async function compareChecks(
  { tx, size, pageSize: limit }: Run,
  rows: number,
): Promise<readonly Finding[]> {
  if ((await countChecks(tx, size)) === rows) return [];
  const found: Finding[] = [];
  let after: string | undefined = firstUuid;
  while (after !== undefined) {
    const page: Awaited<ReturnType<typeof checksAndEntries>> = await checksAndEntries(tx, {
      after,
      size,
      limit,
    });
    for (const { uuid, checkId } of page)
      if (checkId !== idText('chk', uuid))
        found.push(...compareRow('checks', idText('chk', uuid), undefined, {}));
    after = page.at(-1)?.uuid;
  }
  return found;
}

/** @param applications what the entries demand, by UUID. */
export async function compareApplications(
  { tx, size, pageSize }: Run,
  applications: ReadonlyMap<string, ApplicationRow>,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const expected = new Map(applications);
  let after: string | undefined = firstUuid;
  while (after !== undefined) {
    const page: readonly ApplicationRow[] = await signedApplications(tx, after, pageSize);
    for (const row of page) {
      const name = idText('app', row.uuid);
      if (row.entryIndex < size) found.push(...compareRow('applications', name, expected.get(row.uuid), row));
      expected.delete(row.uuid);
    }
    after = page.at(-1)?.uuid;
  }
  for (const [uuid, row] of expected)
    found.push(...compareRow('applications', idText('app', uuid), row, undefined));
  return found;
}

/** Everybody whose row does not open or stands under another pseudonym, whether or not an entry names him. */
export async function comparePeople(
  { tx, pageSize }: Run,
  identityKey: SealingKey,
  lookupKeys: LookupKeys,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  let after: string | undefined = firstUuid;
  while (after !== undefined) {
    const page: readonly PersonRow[] = await peopleAfter(tx, after, pageSize);
    found.push(...knownPeople(page, identityKey, lookupKeys).findings);
    after = page.at(-1)?.personId;
  }
  return found;
}

/** Kept documents, answers and acts whose entry is not there or is of another kind. */
export async function compareResting({ tx, pageSize }: Run): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const table of restingTables) {
    let after: RestingRow['key'] | undefined;
    do {
      const page: readonly RestingRow[] = await restingRowsAfter(tx, table, after, pageSize);
      for (const { key, rests } of page)
        if (!rests) found.push(...compareRow(table, String(key), undefined, {}));
      after = page.at(-1)?.key;
    } while (after !== undefined);
  }
  return found;
}

/** Parties, their keys, officials, regime and signing keys. */
export async function compareRules({ tx, size }: Run, expected: Registry): Promise<readonly Finding[]> {
  try {
    return compareRegistry(expected, await loadRegistry(tx), size);
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    return [{ code: 'row-differs', table: 'regime', row: 'unreadable', what: error.message }];
  }
}

/**
 * The feed, item by item: numbered without a gap, in the order of the entries, each as its entry says. With as many
 * items as entries that count, none can be missing.
 * @param count how many entries are fed
 */
export async function compareFeed({ tx, size, pageSize }: Run, count: number): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  let last = { seq: 0, entryIndex: -1 };
  for (;;) {
    const page: readonly FeedRow[] = await feedAfter(tx, { after: last.seq, size, limit: pageSize });
    if (page.length === 0) break;
    for (const row of page) {
      const name = String(row.seq);
      if (row.seq !== last.seq + 1) found.push(...compareRow('feed', String(last.seq + 1), {}, undefined));
      if (!row.agrees || row.entryIndex <= last.entryIndex)
        found.push(...compareRow('feed', name, { entry: 'this' }, { entry: 'another' }));
      last = row;
    }
  }
  if (last.seq !== count && found.length === 0)
    found.push(...compareRow('feed', String(count), {}, undefined));
  return found;
}

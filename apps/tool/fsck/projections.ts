/** Rows that follow from entries, compared with what the entries demand. */
import { idToUuid } from '#libs/journal/id.js';
import { readInstant, type Instant } from '#libs/journal/instant.js';
import type { SubjectKey } from '#libs/subject/subject.js';
import { regimeName, type Registry } from '#libs/acts/registry.js';
import type { ReadEntry } from './entry-rows.js';
import { differing, isSame, type Finding } from './finding.js';

/** A row of `checks`. */
export interface CheckRow {
  readonly uuid: string;
  readonly lender: string;
  readonly entryIndex: number;
  readonly subject?: SubjectKey;
  readonly product: string;
  readonly stage: string;
  readonly loanRef: string;
  readonly verdict: string;
  readonly version: number;
  readonly at: Instant;
  readonly validUntil?: Instant;
}

/** A signed row of `applications`. */
export interface ApplicationRow {
  readonly uuid: string;
  readonly channel: string;
  readonly identifiedBy: string;
  readonly subject: SubjectKey;
  /** base64url, as the two below. */
  readonly documentSha256: string;
  readonly cmsSha256: string;
  /** The newest entry that came of it. */
  readonly entryIndex: number;
}

/** A row of `harvesting_alarms`. */
export interface AlarmRow {
  readonly lender: string;
  readonly span: string;
  readonly begins: Instant;
  readonly entryIndex: number;
}

/** The row a harvesting.suspected demands. */
export function alarmOfEntry({ row, members }: ReadEntry): AlarmRow {
  return {
    lender: row.party ?? '',
    span: String(members['span']),
    begins: readInstant(members['from']) ?? 0,
    entryIndex: row.index,
  };
}

/** The row a check.made demands; undefined when the entry names no check. */
export function checkOfEntry({ row, members }: ReadEntry): CheckRow | undefined {
  const uuid = uuidOf('chk', members['checkId']);
  if (uuid === undefined) return undefined;
  const validUntil = readInstant(members['validUntil']);
  return {
    uuid,
    lender: row.party ?? '',
    entryIndex: row.index,
    ...(row.subject !== undefined && { subject: row.subject }),
    product: String(members['product']),
    stage: String(members['stage']),
    loanRef: String(members['loanRef']),
    verdict: String(members['verdict']),
    version: Number(members['version']),
    at: row.at,
    ...(validUntil !== undefined && { validUntil }),
  };
}

/** The row a signed act demands of its application. */
export function applicationOfEntry({ row, members }: ReadEntry): ApplicationRow | undefined {
  const uuid = uuidOf('app', members['applicationId']);
  if (uuid === undefined || row.subject === undefined) return undefined;
  return {
    uuid,
    channel: String(members['channel']),
    identifiedBy: String(members['identifiedBy']),
    subject: row.subject,
    documentSha256: String(members['documentSha256']),
    cmsSha256: String(members['cmsSha256']),
    entryIndex: row.index,
  };
}

/** Compares one row with the entries' word for it; either may be absent. @param name of the row, spelled only when needed */
export function compareRow(
  table: string,
  name: string | (() => string),
  expected: object | undefined,
  actual: object | undefined,
): readonly Finding[] {
  if (expected !== undefined && actual !== undefined && isSame(expected, actual)) return [];
  const row = typeof name === 'string' ? name : name();
  if (expected === undefined) return [{ code: 'row-unknown', table, row, what: 'no entry stands behind it' }];
  if (actual === undefined) return [{ code: 'row-missing', table, row, what: 'the entries say it is there' }];
  const members = differing(expected, actual);
  if (members.length === 0) return [];
  return [{ code: 'row-differs', table, row, what: `differs in ${members.join(', ')}` }];
}

/**
 * Parties, their keys, officials, regime and signing keys, both ways.
 * @param size rows written by entries from here on are newer than this run and left out.
 */
export function compareRegistry(expected: Registry, actual: Registry, size: number): readonly Finding[] {
  const byName = <R>(rows: readonly R[], nameOf: (row: R) => string): ReadonlyMap<string, R> =>
    new Map(rows.map((row) => [nameOf(row), row]));
  return [
    ...compareMaps('parties', expected.parties, actual.parties, size),
    ...compareMaps('party_keys', expected.partyKeys, actual.partyKeys, size),
    ...compareMaps('officials', expected.officials, actual.officials, size),
    ...compareMaps('signing_keys', expected.signingKeys, actual.signingKeys, size),
    ...compareMaps('closed_logs', expected.closedLogs, actual.closedLogs, size),
    ...compareMaps('regime', byName(expected.regime, regimeName), byName(actual.regime, regimeName), size),
  ];
}

function compareMaps(
  table: string,
  expected: ReadonlyMap<string, { readonly entryIndex: number }>,
  actual: ReadonlyMap<string, { readonly entryIndex: number }>,
  size: number,
): readonly Finding[] {
  const names = [...new Set([...expected.keys(), ...actual.keys()])];
  return names
    .filter((name) => (actual.get(name)?.entryIndex ?? 0) < size)
    .flatMap((name) => compareRow(table, name, expected.get(name), actual.get(name)));
}

function uuidOf(kind: 'chk' | 'app', id: unknown): string | undefined {
  try {
    return idToUuid(kind, id);
  } catch {
    return undefined;
  }
}

/**
 * What each source delivers: a CSV of one line a person, whose header names the source, so that no file can be taken for
 * another's. Where the design is silent these formats are ours; docs/going-live.md says them to the sources.
 */
import { isLegalDay } from '#libs/regime/rule-values.js';
import { IinSearch } from '#libs/subject/holds-iin.js';
import { isIin, type Iin } from '#libs/subject/iin.js';

export const sourceNames = ['egov', 'gkb', 'pkb'] as const;
export type SourceName = (typeof sourceNames)[number];

/** Header → source; the columns are a reference, the IIN, when it was placed, and when it was lifted or nothing. */
const headers: Readonly<Record<SourceName, readonly string[]>> = {
  egov: ['egov_application', 'iin', 'placed_at', 'lifted_at'],
  gkb: ['gkb_record', 'iin', 'marked_on', 'removed_on'],
  pkb: ['pkb_record', 'iin', 'marked_on', 'removed_on'],
};

/** A line that says something. Instants (eGov) and legal days (bureaus) are kept as they are spelled. */
export interface SourceLine {
  readonly iin: Iin;
  readonly sourceRef: string;
  /** RFC 3339 with a zone, or `yyyy-mm-dd`. */
  readonly placed: string;
  /** Absent while it is in force. */
  readonly lifted?: string;
}

/** Why a line was left out; the file still holds it, at its number. */
export type LineFault =
  | 'columns-wrong'
  | 'iin-malformed'
  | 'reference-malformed'
  | 'reference-holds-iin'
  | 'date-malformed'
  | 'date-in-future'
  | 'dates-out-of-order';

/** Registry time when the file is read, and the legal day it falls on. */
export interface ReadingTime {
  readonly at: number;
  readonly day: string;
}

/** The source that delivers files with this first line; undefined when none does. */
export function sourceOfHeader(header: readonly string[]): SourceName | undefined {
  return sourceNames.find((name) => headers[name].join() === header.join());
}

/** Reads the fields of one line. Of the IIN only the control digit is judged. */
export function readSourceLine(
  source: SourceName,
  fields: readonly string[],
  now: ReadingTime,
): SourceLine | LineFault {
  const [sourceRef, iin, placed, lifted] = fields;
  if (fields.length !== 4 || sourceRef === undefined || placed === undefined || lifted === undefined)
    return 'columns-wrong';
  if (!isIin(iin)) return 'iin-malformed';
  if (!/^[!-~]{1,64}$/.test(sourceRef)) return 'reference-malformed';
  if (new IinSearch([iin]).finds(sourceRef)) return 'reference-holds-iin';
  const { isDate, isAfter, limit } = source === 'egov' ? instants(now) : days(now);
  const given = lifted === '' ? [placed] : [placed, lifted];
  if (!given.every(isDate)) return 'date-malformed';
  if (given.some((date) => isAfter(date, limit))) return 'date-in-future';
  if (lifted === '') return { iin, sourceRef, placed };
  return isAfter(placed, lifted) ? 'dates-out-of-order' : { iin, sourceRef, placed, lifted };
}

interface Dates {
  isDate(text: string): boolean;
  isAfter(one: string, other: string): boolean;
  /** The last date that is no future. */
  readonly limit: string;
}

const timeOfDay = /^T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function instants({ at }: ReadingTime): Dates {
  return {
    isDate: (text) => isThisCentury(text.slice(0, 10)) && timeOfDay.test(text.slice(10)),
    isAfter: (one, other) => Date.parse(one) > Date.parse(other),
    limit: new Date(at).toISOString(),
  };
}

function days({ day }: ReadingTime): Dates {
  return { isDate: isThisCentury, isAfter: (one, other) => one > other, limit: day };
}

function isThisCentury(day: string): boolean {
  return isLegalDay(day) && day.startsWith('2');
}

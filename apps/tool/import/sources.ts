/**
 * What each source delivers: a CSV of one line a person, whose header names the source, so that no file can be taken for
 * another's. Where nobody prescribes one the formats are ours; docs/going-live.md says them to the sources.
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

/**
 * A line that says something. An instant (eGov) is spelled anew by us, so that nothing a source spells reaches the
 * database; a legal day (bureaus) has one spelling.
 */
export interface SourceLine {
  readonly iin: Iin;
  readonly sourceRef: string;
  /** `yyyy-mm-ddThh:mm:ss.sssZ`, or `yyyy-mm-dd`. */
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
  // Both kinds of date, once read, are spelled so that the later one is the greater text.
  const [read, limit] =
    source === 'egov' ? [readInstant, new Date(now.at).toISOString()] : [readDay, now.day];
  const [from, to] = [read(placed), lifted === '' ? '' : read(lifted)];
  if (from === undefined || to === undefined) return 'date-malformed';
  if (from > limit || to > limit) return 'date-in-future';
  if (to === '') return { iin, sourceRef, placed: from };
  return from > to ? 'dates-out-of-order' : { iin, sourceRef, placed: from, lifted: to };
}

/** Hours that clocks anywhere differ from UTC: beyond them an offset is a slip of the pen. */
const timeOfDay =
  /^T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|-(0\d|1[01]):[0-5]\d|-12:00|\+(0\d|1[0-3]):[0-5]\d|\+14:00)$/;

/** An RFC 3339 instant of this century, spelled as the registry does; the part of a millisecond is dropped. */
function readInstant(text: string): string | undefined {
  if (readDay(text.slice(0, 10)) === undefined || !timeOfDay.test(text.slice(10))) return undefined;
  return new Date(text).toISOString();
}

function readDay(text: string): string | undefined {
  return isThisCentury(text) ? text : undefined;
}

function isThisCentury(day: string): boolean {
  return isLegalDay(day) && day.startsWith('2');
}

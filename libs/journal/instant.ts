/**
 * Instants: milliseconds since 1970 in registry time inside programs, RFC 3339 with milliseconds and `Z` outside.
 * One instant has one spelling, because entries are compared byte by byte.
 */

/** Milliseconds since 1970-01-01T00:00:00Z, registry time. */
export type Instant = number;

const spelling = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** `2026-11-23T01:40:00.123Z` */
export function formatInstant(at: Instant): string {
  // A batch spells one instant a thousand times.
  if (last.at !== at) last = { at, text: new Date(at).toISOString() };
  return last.text;
}

let last = { at: 0, text: '1970-01-01T00:00:00.000Z' };

/** The instant that `formatInstant` spells so; undefined for every other value, days that do not exist included. */
export function readInstant(text: unknown): Instant | undefined {
  if (typeof text !== 'string' || !spelling.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || formatInstant(at) !== text ? undefined : at;
}

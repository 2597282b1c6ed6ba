/**
 * Instants: milliseconds since 1970 in registry time inside programs, RFC 3339 with milliseconds and `Z` outside.
 * One instant has one spelling, because entries are compared byte by byte.
 */

/** Milliseconds since 1970-01-01T00:00:00Z, registry time. */
export type Instant = number;

const spelling = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** `2026-11-23T01:40:00.123Z` */
export function formatInstant(at: Instant): string {
  const known = spelled.get(at);
  if (known !== undefined) return known;
  const text = new Date(at).toISOString();
  if (spelled.size >= mostSpelled) spelled.clear();
  spelled.set(at, text);
  return text;
}

// A batch spells its own instant and the ends of its answers a thousand times.
const spelled = new Map<Instant, string>();
const mostSpelled = 64;

/** The instant that `formatInstant` spells so; undefined for every other value, days that do not exist included. */
export function readInstant(text: unknown): Instant | undefined {
  if (typeof text !== 'string' || !spelling.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || formatInstant(at) !== text ? undefined : at;
}

/** How PostgreSQL spells bytes and instants in JSON rows. */
import assert from 'node:assert/strict';

/** "\\x…" → bytes. */
export function bytesFromJson(value: unknown): Buffer {
  assert(typeof value === 'string' && value.startsWith('\\x'), 'not a bytea');
  return Buffer.from(value.slice(2), 'hex');
}

/** An RFC 3339 text → milliseconds; null → undefined. */
export function instantFromJson(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  const ms = Date.parse(value as string);
  assert(Number.isSafeInteger(ms), 'not an instant');
  return ms;
}

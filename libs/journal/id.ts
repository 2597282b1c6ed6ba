/**
 * Ids as outside programs see them (TypeID): the kind, an underscore and a UUIDv7 as one big-endian number in 26 digits
 * of lower-case Crockford base32. 26 digits hold 130 bits, so the first is 0–7. One id has one spelling; every
 * other is an id of nothing.
 */
import assert from 'node:assert/strict';
import { v7 } from 'uuid';
import { Problem } from '#libs/problem/problem.js';
import type { Instant } from './instant.js';
import { randomSlice } from './random-slices.js';

/** Application, check, loan, breach, notice, entry, stream. */
export const idKinds = ['app', 'chk', 'lon', 'brc', 'ntc', 'ent', 'str'] as const;
export type IdKind = (typeof idKinds)[number];

const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const suffix = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;
const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * A UUIDv7 (RFC 9562 §5.7) of this instant in registry time, the other 74 bits random.
 * @param random 16 random bytes, for whoever makes so many that drawing them one by one takes time.
 */
export function newUuid(at: Instant, random?: Uint8Array): string {
  return v7({ msecs: at, random: random ?? randomSlice(16) });
}

/** A new id: `chk_01k…`. */
export function newId(kind: IdKind, at: Instant): string {
  return uuidToId(kind, newUuid(at));
}

/** The id of a UUIDv7 in lower-case hexadecimal with hyphens, as PostgreSQL prints it. */
export function uuidToId(kind: IdKind, uuid: string): string {
  assert(version7.test(uuid), 'ids are made of UUIDv7');
  const hex = uuid.replaceAll('-', '');
  // 20 bits are five digits of 16 or four of 32; in front stay 8 bits, two digits of either.
  let text = base32(parseInt(hex.slice(0, 2), 16), 2);
  for (let at = 2; at < 32; at += 5) text += base32(parseInt(hex.slice(at, at + 5), 16), 4);
  return `${kind}_${text}`;
}

/**
 * The UUID of an id of this kind.
 * @throws Problem `not-found` for every other value, because nothing can have such an id.
 */
export function idToUuid(kind: IdKind, id: unknown): string {
  const text = typeof id === 'string' && id.startsWith(`${kind}_`) ? id.slice(kind.length + 1) : '';
  if (!suffix.test(text)) throw new Problem('not-found');
  let hex = base16(text.slice(0, 2), 2);
  for (let at = 2; at < 26; at += 4) hex += base16(text.slice(at, at + 4), 5);
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  if (!version7.test(uuid)) throw new Problem('not-found');
  return uuid;
}

/** Whether a value is an id of this kind. */
export function isId(kind: IdKind, id: unknown): boolean {
  try {
    return idToUuid(kind, id) !== '';
  } catch {
    return false;
  }
}

/** A number below 32^length in Crockford base32, big-endian. */
function base32(value: number, length: number): string {
  let text = '';
  for (let shift = 5 * (length - 1); shift >= 0; shift -= 5) text += digits.charAt((value >> shift) & 31);
  return text;
}

/** Crockford base32 in hexadecimal, padded to `length`. */
function base16(text: string, length: number): string {
  let value = 0;
  for (const digit of text) value = value * 32 + digits.indexOf(digit);
  return value.toString(16).padStart(length, '0');
}

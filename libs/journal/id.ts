/**
 * Ids as outside programs see them (TypeID): the kind, an underscore and a UUIDv7 as one big-endian number in 26 digits
 * of lower-case Crockford base32. 26 digits hold 130 bits, so the first is 0–7. One id has one spelling; every
 * other is an id of nothing.
 */
import assert from 'node:assert/strict';
import { v7 } from 'uuid';
import { Problem } from '#libs/problem/problem.js';
import type { Instant } from './instant.js';

/** Application, check, loan, breach, finding, claim, notice, entry, stream. */
export const idKinds = ['app', 'chk', 'lon', 'brc', 'fnd', 'clm', 'ntc', 'ent', 'str'] as const;
export type IdKind = (typeof idKinds)[number];

const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const suffix = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;
const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A UUIDv7 (RFC 9562 §5.7) of this instant in registry time, the other 74 bits random. */
export function newUuid(at: Instant): string {
  return v7({ msecs: at });
}

/** A new id: `chk_01k…`. */
export function newId(kind: IdKind, at: Instant): string {
  return uuidToId(kind, newUuid(at));
}

/** The id of a UUIDv7 in lower-case hexadecimal with hyphens, as PostgreSQL prints it. */
export function uuidToId(kind: IdKind, uuid: string): string {
  assert(version7.test(uuid), 'ids are made of UUIDv7');
  const number = BigInt(`0x${uuid.replaceAll('-', '')}`);
  // Radix 32 of JavaScript counts 0–9a–v, Crockford leaves out i, l, o and u: same values, other digits.
  const text = number.toString(32).padStart(26, '0');
  return `${kind}_${text.replace(/[i-v]/g, (digit) => digits.charAt(parseInt(digit, 32)))}`;
}

/**
 * The UUID of an id of this kind.
 * @throws Problem `not-found` for every other value, because nothing can have such an id.
 */
export function idToUuid(kind: IdKind, id: unknown): string {
  const text = typeof id === 'string' && id.startsWith(`${kind}_`) ? id.slice(kind.length + 1) : '';
  if (!suffix.test(text)) throw new Problem('not-found');
  let number = 0n;
  for (const digit of text) number = number * 32n + BigInt(digits.indexOf(digit));
  const hex = number.toString(16).padStart(32, '0');
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
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

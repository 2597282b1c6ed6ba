/**
 * The person a refusal protects, as a pseudonym: subject = HMAC-SHA-256(K_lookup[epoch], "kz.iin:" ‖ iin).
 * Without the lookup key a row says nothing about whom it protects; with a wrong key nobody would be found, so every
 * batch also looks up the sentinel, an IIN that `parseIin` refuses and that is therefore nobody.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Iin } from './iin.js';

/** Lookup key epoch and the 32 bytes of the pseudonym. */
export interface SubjectKey {
  readonly epoch: number;
  readonly bytes: Buffer;
}

/** The secret lookup keys of every live epoch, 32 bytes each, oldest first. */
export type LookupKeys = ReadonlyMap<number, Buffer>;

const sentinelIin = '000000000000';

/** The pseudonym of one person in one epoch. */
export function subjectOf(key: Buffer, epoch: number, iin: Iin): SubjectKey {
  return { epoch, bytes: pseudonym(key, iin) };
}

/** The pseudonyms of one person in every live epoch, newest first: look-ups ask them all. */
export function subjectsOf(keys: LookupKeys, iin: Iin): readonly SubjectKey[] {
  assert(keys.size > 0, 'no lookup key');
  return [...keys].map(([epoch, key]) => subjectOf(key, epoch, iin)).reverse();
}

/** The rows that must be found, one an epoch, or a key is wrong. */
export function sentinelsOf(keys: LookupKeys): readonly SubjectKey[] {
  return [...keys].map(([epoch, key]) => ({ epoch, bytes: pseudonym(key, sentinelIin) }));
}

/** What the head row holds of the lookup keys: epoch → HMAC-SHA-256(key, "tyiym lookup key check"), base64url. */
export function lookupKeyChecks(keys: LookupKeys): Readonly<Record<string, string>> {
  const checkOf = (key: Buffer): string =>
    createHmac('sha256', key).update('tyiym lookup key check').digest('base64url');
  return Object.fromEntries([...keys].map(([epoch, key]) => [String(epoch), checkOf(key)]));
}

/** A subject as one text, for maps. */
export function subjectText(subject: SubjectKey): string {
  return `${subject.epoch}:${subject.bytes.toString('base64url')}`;
}

function pseudonym(key: Buffer, iin: string): Buffer {
  assert(key.length === 32, 'a lookup key has 32 bytes');
  return createHmac('sha256', key).update(`kz.iin:${iin}`).digest();
}

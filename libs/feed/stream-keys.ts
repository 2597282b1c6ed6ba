/**
 * The secrets of the streams, all from one root that only the clerk's worker holds, and the tool to judge what was sent.
 * Derived and not kept, because what is nowhere can neither be lost nor leak: a restored worker has every day's key again,
 * and a day key that leaks says nothing about another day or another bureau (HKDF, RFC 5869).
 *
 *     K_bureau = HKDF-SHA-256(root, info "bureau/<client id>")
 *     K_stream = HKDF-SHA-256(root, info "stream/<client id>")
 *     K_day    = HKDF-SHA-256(K_stream, info "<streamId>.<yyyy-mm-dd>")
 *     sub_id   = HMAC-SHA-256(K_bureau, "kz.iin:" ‖ iin)
 *     K_rows   = HKDF-SHA-256(root, info "rows of day keys")
 */
import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';

/** The key under which one bureau's `sub_id`s are made: theirs and another bureau's do not join. */
export function bureauKey(root: Buffer, clientId: string): Buffer {
  return derive(root, `bureau/${clientId}`);
}

/** The key of a stream on a day, by the name under which it seals. */
export function dayKey(root: Buffer, clientId: string, kid: string): Buffer {
  return derive(derive(root, `stream/${clientId}`), kid);
}

/** `<streamId>.<yyyy-mm-dd>`: the UTC day of sealing. */
export function dayKid(streamId: string, day: string): string {
  return `${streamId}.${day}`;
}

/** The person as one bureau knows him, 32 bytes. */
export function subIdOf(key: Buffer, iin: string): Buffer {
  return createHmac('sha256', key).update(`kz.iin:${iin}`).digest();
}

/** Stands for somebody whose number nobody knows (any more), by the entry that spoke of him: 32 bytes. */
export function namelessSubId(key: Buffer, entryId: string): Buffer {
  return createHmac('sha256', key).update(`kz.entry:${entryId}`).digest();
}

/** A wrapped day key, as far as its seal covers it. */
export interface SealedDayKey {
  readonly streamUuid: string;
  readonly day: string;
  readonly encKid: string;
  readonly jwe: string;
  /** Of the root that the day's key is derived from. */
  readonly check: Buffer;
}

/** Tells the registry's own rows of day keys from rows that another wrote; under the first root, which stays for good. */
export function dayKeySeal(firstRoot: Buffer, { streamUuid, day, encKid, jwe, check }: SealedDayKey): Buffer {
  return createHmac('sha256', derive(firstRoot, 'rows of day keys'))
    .update([streamUuid, day, encKid, jwe, check.toString('hex')].join(' '))
    .digest();
}

/** A row of day keys. */
export interface KeptDayKey extends Omit<SealedDayKey, 'streamUuid' | 'check'> {
  /** Null: of the first root, from the time before there were several. */
  readonly check: Buffer | null;
  /** Null in rows of the time before there were seals; the database takes none without one since. */
  readonly seal: Buffer | null;
}

/** Whether the registry wrote this row. */
export function isOwnDayKey(firstRoot: Buffer, streamUuid: string, row: KeptDayKey): boolean {
  const { seal, check } = row;
  if (seal === null) return true;
  return check !== null && dayKeySeal(firstRoot, { ...row, streamUuid, check }).equals(seal);
}

function derive(key: Buffer, info: string): Buffer {
  assert(key.length === 32, 'a key has 32 bytes');
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), info, 32));
}

/**
 * A receipt verified to the level *signed*: a key of the registry that may vouch for this kind of entry has signed a
 * head, and the entry is in the Journal that the head names. Needs nothing but the receipt, the public keys and the
 * time; every doubt is a ReceiptError.
 */
import assert from 'node:assert/strict';
import { inclusionRoot } from '#libs/tlog/proof.js';
import { hashLength, leafHash, splitHashes } from '#libs/tlog/tree.js';
import { readBase64url } from './base64url.js';
import { readCanonical } from './canonical.js';
import { leafOf, personOf, saltLength } from './commitment.js';
import { isEntryKind, type Entry } from './entry.js';
import type { HeadPayload } from './head.js';
import { isId } from './id.js';
import { readInstant } from './instant.js';
import { ensure } from './receipt-error.js';
import { ensureVouches, openHead, type JwksWithKinds, type OpenedHead } from './verify-head.js';

/** What the verifier is told and does not take from the receipt. */
export interface Expectations {
  /** Seconds since 1970, of the verifier's own clock. */
  readonly now: number;
  /** The IIN of the person the entry must be about. Without it the person is not checked. */
  readonly iin?: string;
  /** The `iss` the head must have. */
  readonly issuer?: string;
  /** The name of the Journal the head must be of. */
  readonly origin?: string;
}

/** A receipt that holds. */
export interface VerifiedReceipt {
  readonly level: 'signed';
  readonly entry: Entry;
  readonly index: number;
  readonly head: HeadPayload;
  /** The key that signed the head: `kid` and what it is for. */
  readonly key: { readonly kid: string; readonly purpose: string };
  /** Whether the person was compared with an IIN, was not because none was given, or there is none. */
  readonly person: 'shown' | 'not-compared' | 'none';
}

/** Letters of an entry that are read; those of real entries are below a thousand. */
const entryLimit = 65_536;

/**
 * Verifies a receipt against the registry's published keys, in this order: shape, entry, head and its key, inclusion,
 * person.
 * @param receipt any JSON value; members this version does not know are ignored and prove nothing
 * @throws ReceiptError with a stable code
 */
export async function verifyReceipt(
  receipt: unknown,
  jwks: JwksWithKinds,
  { now, iin, issuer, origin }: Expectations,
): Promise<VerifiedReceipt> {
  assert(Number.isSafeInteger(now), 'the time is given in whole seconds');
  const { entryText, salt, personSalt, index, proof, head } = readReceipt(receipt);
  const entry = readEntry(entryText);

  const opened = await openHead(head, jwks);
  ensureVouches(opened, entry.kind, now);
  const { payload, key } = opened;
  ensure(issuer === undefined || payload.iss === issuer, 'issuer-differs');
  ensure(origin === undefined || payload.origin === origin, 'origin-differs');
  ensure(Math.floor((readInstant(entry.at) ?? Infinity) / 1000) <= payload.iat, 'head-before-entry');

  ensureIncluded(leafHash(leafOf(entryText, salt)), index, proof, opened);
  const person = ensurePerson(entry, personSalt, iin);
  return {
    level: 'signed',
    entry,
    index,
    head: payload,
    key: { kid: key.kid, purpose: key.purpose },
    person,
  };
}

/** What a receipt discloses by itself, whoever signed its head: proven by a `.tlog-proof` of this leaf. */
export interface DisclosedEntry {
  readonly entry: Entry;
  readonly leafHash: Buffer;
  readonly index: number;
  readonly person: VerifiedReceipt['person'];
}

/**
 * The entry of a receipt and its leaf, without its head being believed in anything: once the key of a head no longer
 * counts, the leaf's place in a published checkpoint is what is left of the evidence.
 * @throws ReceiptError about shape, entry, salts or person
 */
export function readDisclosed(receipt: unknown, iin?: string): DisclosedEntry {
  const { entryText, salt, personSalt, index } = readReceipt(receipt);
  const entry = readEntry(entryText);
  const person = ensurePerson(entry, personSalt, iin);
  return { entry, leafHash: leafHash(leafOf(entryText, salt)), index, person };
}

interface ReceiptBytes {
  readonly entryText: string;
  readonly salt: Buffer;
  readonly personSalt: Buffer | undefined;
  readonly index: number;
  readonly proof: readonly Buffer[];
  readonly head: unknown;
}

function readReceipt(receipt: unknown): ReceiptBytes {
  ensure(typeof receipt === 'object' && receipt !== null, 'receipt-malformed');
  const parts = receipt as Record<string, unknown>;
  const { entry, index, head } = parts;
  ensure(typeof entry === 'string' && entry.length <= entryLimit, 'receipt-malformed');
  ensure(typeof index === 'number' && typeof head === 'string', 'receipt-malformed');
  ensure(Number.isSafeInteger(index) && index >= 0, 'index-out-of-range');
  const salt = readBase64url(parts['salt'], saltLength);
  ensure(salt, 'salt-malformed');
  const personSalt = readBase64url(parts['personSalt'], saltLength);
  ensure(personSalt || parts['personSalt'] === undefined, 'person-salt-malformed');
  const proof = readBase64url(parts['proof']);
  ensure(proof && proof.length % hashLength === 0, 'proof-malformed');
  return { entryText: entry, salt, personSalt, index, proof: splitHashes(proof), head };
}

/** The entry, when its text is canonical and has what every entry has. */
function readEntry(text: string): Entry {
  const entry = readCanonical(text);
  ensure(entry, 'entry-not-canonical');
  const { v, id, kind, at, person, version, prev, about } = entry;
  ensure(v === 1 && isId('ent', id) && isEntryKind(kind) && readInstant(at) !== undefined, 'entry-malformed');
  ensure(person === undefined || readBase64url(person, 32), 'entry-malformed');
  ensure(prev === undefined || readBase64url(prev, hashLength), 'entry-malformed');
  ensure(about === undefined || isId('ent', about), 'entry-malformed');
  // A person without a version would let a refusal be left out of his history unseen.
  ensure(person === undefined || (Number.isSafeInteger(version) && Number(version) >= 0), 'entry-malformed');
  return entry as unknown as Entry;
}

/** RFC 9162 §2.1.3.2 at this index under the head's size and root. */
function ensureIncluded(
  leaf: Buffer,
  index: number,
  proof: readonly Buffer[],
  { payload, root }: OpenedHead,
): void {
  ensure(index < payload.size, 'index-out-of-range');
  let reached: Buffer | undefined;
  try {
    reached = inclusionRoot(leaf, index, payload.size, proof);
  } catch {
    // Index and hashes were checked before: what is left to be wrong is the number of hashes.
  }
  ensure(reached, 'proof-length');
  ensure(reached.equals(root), 'inclusion-differs');
}

function ensurePerson(
  entry: Entry,
  personSalt: Buffer | undefined,
  iin: string | undefined,
): VerifiedReceipt['person'] {
  ensure(entry.person !== undefined || !personSalt, 'person-salt-malformed');
  if (iin === undefined) return entry.person === undefined ? 'none' : 'not-compared';
  ensure(personSalt, 'person-not-shown');
  ensure(personOf(personSalt, iin) === entry.person, 'person-differs');
  return 'shown';
}

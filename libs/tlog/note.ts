/**
 * Signed notes and checkpoints in the formats of C2SP (signed-note, tlog-checkpoint). A note is text, a blank line and
 * signature lines; the signature is over the text with its last newline, without the blank line:
 *
 *     sandbox.tyiym.kz/journal/1                             origin
 *     1234                                                   size, decimal
 *     qyIxHu…=                                               root, base64
 *
 *     — sandbox.tyiym.kz/journal/1 Rm9vZ…=                   "— " name " " base64(keyId ‖ signature)
 *
 *     keyId = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]     type 0x01 = Ed25519, public key 32 bytes
 *     vkey  = name "+" hex(keyId) "+" base64(type ‖ public key)
 *
 * A witness adds a line of type 0x04 (tlog-cosignature, v1), which says when it saw nothing larger than this checkpoint:
 *
 *     signature = u64be(t) ‖ Ed25519("cosignature/v1\ntime " t "\n" ‖ text)       t = seconds since 1970
 *
 * Lines of keys the reader does not know are ignored, or nobody could add a witness; a line of a known key must verify.
 */
import assert from 'node:assert/strict';
import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { hashLength } from './tree.js';

/** A public key that signs notes, under the name its owner goes by. */
export interface Vkey {
  readonly name: string;
  /** Whether it signs the text alone, as a log does, or the text and a time, as a witness does. */
  readonly kind: KeyKind;
  /** 4 bytes */
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
}

/** A note that verified: its text, and the names of the known keys that signed it, in the order of their lines. */
export interface VerifiedNote {
  readonly text: string;
  readonly signedBy: readonly string[];
  /** The witnesses among them, and when each signed, in seconds since 1970. */
  readonly cosignatures: readonly Cosignature[];
}

/** Whose line of a witness verified, and the time in it. */
export interface Cosignature {
  readonly name: string;
  readonly time: number;
}

/** What a key signs: a note's text, or a text at a time. */
export type KeyKind = 'note' | 'cosignature';

/** What a checkpoint says. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes */
  readonly root: Buffer;
  /** Further lines, without their newlines; this log writes none. */
  readonly extensions: readonly string[];
}

/** Signatures a note may carry: more are refused unread, as golang/mod does, so that a note cannot cost much. */
const signatureLimit = 100;
const sizeLimit = 1_000_000;
const types: Readonly<Record<KeyKind, number>> = { note: 0x01, cosignature: 0x04 };
const timeLength = 8;
const keyIdLength = 4;
const ed25519KeyLength = 32;

/** The vkey line of an Ed25519 key, private or public. */
export function makeVkey(name: string, key: KeyObject, kind: KeyKind = 'note'): string {
  const typed = typedKey(kind, publicBytes(key));
  return `${checkedName(name)}+${keyIdOf(name, typed).toString('hex')}+${encode(typed)}`;
}

/**
 * A vkey line read.
 * @throws Error when it is malformed, its id is not that of its key, or its type is not Ed25519.
 */
export function parseVkey(text: string): Vkey {
  const [name = '', id = '', ...rest] = text.split('+');
  const data = readBase64(rest.join('+'));
  assert(data, 'a vkey is name+hex+base64');
  const kind = (['note', 'cosignature'] as const).find((each) => types[each] === data[0]);
  assert(data.length === 1 + ed25519KeyLength && kind, 'the key is not Ed25519');
  const keyId = keyIdOf(checkedName(name), data);
  assert(keyId.toString('hex') === id, 'the key id is not that of the key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: data.subarray(1).toString('base64url') };
  return { name, kind, keyId, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/**
 * The note of a text with one signature.
 * @param key Ed25519 private key
 * @throws Error when the text does not end in a newline or holds other control characters.
 */
export function signNote(text: string, name: string, key: KeyObject): string {
  assert(isNoteText(text), 'a text ends in a newline and holds no other control characters');
  const keyId = keyIdOf(checkedName(name), typedKey('note', publicBytes(key)));
  return `${text}\n${signatureLine(name, keyId, sign(null, Buffer.from(text), key))}`;
}

/**
 * The line by which a witness cosigns the text of a checkpoint, with its newline; it goes at the end of the note.
 * @param key Ed25519 private key
 * @param time seconds since 1970
 */
export function cosign(text: string, name: string, key: KeyObject, time: number): string {
  assert(isNoteText(text), 'a text ends in a newline and holds no other control characters');
  const stamp = Buffer.alloc(timeLength);
  stamp.writeBigUInt64BE(BigInt(time));
  const keyId = keyIdOf(checkedName(name), typedKey('cosignature', publicBytes(key)));
  return signatureLine(name, keyId, Buffer.concat([stamp, sign(null, cosignedBytes(text, time), key)]));
}

/**
 * The text of a note and which of the known keys signed it.
 * @throws Error when the note is malformed, a line of a known key does not verify, or no known key signed.
 */
export function verifyNote(note: string, known: readonly Vkey[]): VerifiedNote {
  assert(note.length <= sizeLimit, 'the note is too long');
  const end = note.lastIndexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const lines = note.slice(end + 1);
  assert(isNoteText(text) && lines.endsWith('\n'), 'a note is text, a blank line and signatures');
  const signatures = lines.slice(0, -1).split('\n');
  assert(signatures.length <= signatureLimit, 'the note has too many signatures');
  const verified = signatures.map(readSignature).flatMap(({ name, keyId, signature }) => {
    // Name and id together name a key: four bytes alone are soon met by chance.
    const key = known.find((each) => each.name === name && each.keyId.equals(keyId));
    return key ? [{ name, time: verifiedTime(text, key, signature) }] : [];
  });
  assert(verified.length > 0, 'no known key signed the note');
  return {
    text,
    signedBy: [...new Set(verified.map(({ name }) => name))],
    cosignatures: verified.flatMap(({ name, time }) => (time === undefined ? [] : [{ name, time }])),
  };
}

/** The text of a checkpoint: origin, size and base64 of the root, a line each. */
export function checkpointText(origin: string, size: number, root: Buffer): string {
  assert(
    Number.isSafeInteger(size) && size >= 0 && root.length === hashLength,
    'a checkpoint has a size and a root',
  );
  return `${checkedName(origin)}\n${size}\n${encode(root)}\n`;
}

/**
 * The text of a checkpoint read; verify its note first.
 * @throws Error when a line is missing, empty or spelled otherwise than `checkpointText` does.
 */
export function parseCheckpoint(text: string): Checkpoint {
  assert(isNoteText(text), 'a checkpoint ends in a newline and holds no other control characters');
  const [origin = '', size = '', rootText = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = readBase64(rootText);
  assert(
    origin !== '' && /^(0|[1-9]\d*)$/.test(size) && Number.isSafeInteger(Number(size)),
    'origin and size',
  );
  assert(root?.length === hashLength, 'a root has 32 bytes in base64');
  assert(!extensions.includes(''), 'no line of a checkpoint is empty');
  return { origin, size: Number(size), root, extensions };
}

/** The time in a signature of a witness; undefined for one over the text alone. @throws Error when it does not verify. */
function verifiedTime(text: string, { name, kind, publicKey }: Vkey, signature: Buffer): number | undefined {
  const isTimed = kind === 'cosignature';
  const time = isTimed && signature.length > timeLength ? Number(signature.readBigUInt64BE()) : 0;
  const signed = isTimed ? cosignedBytes(text, time) : Buffer.from(text);
  const holds = verify(null, signed, publicKey, isTimed ? signature.subarray(timeLength) : signature);
  assert(holds && Number.isSafeInteger(time), `the signature of ${name} does not verify`);
  return isTimed ? time : undefined;
}

/** "cosignature/v1\ntime " t "\n" ‖ text */
function cosignedBytes(text: string, time: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
}

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4] */
function keyIdOf(name: string, typed: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer').subarray(0, keyIdLength);
}

/** type ‖ public key */
function typedKey(kind: KeyKind, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(types[kind]), bytes]);
}

function signatureLine(name: string, keyId: Buffer, signature: Buffer): string {
  return `— ${name} ${encode(Buffer.concat([keyId, signature]))}\n`;
}

/** "— " name " " base64(keyId ‖ signature) */
function readSignature(line: string): { name: string; keyId: Buffer; signature: Buffer } {
  const [dash, name = '', data = '', ...rest] = line.split(' ');
  const bytes = readBase64(data);
  assert(dash === '—' && isName(name) && rest.length === 0, 'a signature line is dash, name and base64');
  assert(bytes && bytes.length > keyIdLength, 'a signature has a key id and bytes');
  return { name, keyId: bytes.subarray(0, keyIdLength), signature: bytes.subarray(keyIdLength) };
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && !/[\0-\x09\x0b-\x1f\x7f\p{Cs}]/u.test(text);
}

function isName(name: string): boolean {
  return name !== '' && !/[\s+\p{Cc}\p{Cs}]/u.test(name);
}

function checkedName(name: string): string {
  assert(isName(name), 'a name is not empty and holds neither spaces nor a plus');
  return name;
}

/** The 32 bytes of an Ed25519 key's public half. */
function publicBytes(key: KeyObject): Buffer {
  const { crv, x } = key.export({ format: 'jwk' });
  assert(crv === 'Ed25519' && typeof x === 'string', 'the key is not Ed25519');
  return Buffer.from(x, 'base64url');
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64');
}

/** Standard base64 with padding, in its one spelling. */
function readBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return encode(bytes) === text ? bytes : undefined;
}

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
 * Lines of keys the reader does not know are ignored, or nobody could add a witness; a line of a known key must verify.
 */
import assert from 'node:assert/strict';
import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { hashLength } from './tree.js';

/** A public key that signs notes, under the name its owner goes by. */
export interface Vkey {
  readonly name: string;
  /** 4 bytes */
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
}

/** A note that verified: its text, and the names of the known keys that signed it, in the order of their lines. */
export interface VerifiedNote {
  readonly text: string;
  readonly signedBy: readonly string[];
}

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
const ed25519Type = Buffer.of(0x01);
const keyIdLength = 4;
const ed25519KeyLength = 32;

/** The vkey line of an Ed25519 key, private or public. */
export function makeVkey(name: string, key: KeyObject): string {
  const bytes = publicBytes(key);
  return `${checkedName(name)}+${keyIdOf(name, bytes).toString('hex')}+${encode(Buffer.concat([ed25519Type, bytes]))}`;
}

/**
 * A vkey line read.
 * @throws Error when it is malformed, its id is not that of its key, or its type is not Ed25519.
 */
export function parseVkey(text: string): Vkey {
  const [name = '', id = '', ...rest] = text.split('+');
  const data = readBase64(rest.join('+'));
  assert(data, 'a vkey is name+hex+base64');
  assert(data.length === 1 + ed25519KeyLength && data[0] === ed25519Type[0], 'the key is not Ed25519');
  const bytes = data.subarray(1);
  const keyId = keyIdOf(checkedName(name), bytes);
  assert(keyId.toString('hex') === id, 'the key id is not that of the key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return { name, keyId, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/**
 * The note of a text with one signature.
 * @param key Ed25519 private key
 * @throws Error when the text does not end in a newline or holds other control characters.
 */
export function signNote(text: string, name: string, key: KeyObject): string {
  assert(isNoteText(text), 'a text ends in a newline and holds no other control characters');
  const signature = sign(null, Buffer.from(text), key);
  const keyId = keyIdOf(checkedName(name), publicBytes(key));
  return `${text}\n— ${name} ${encode(Buffer.concat([keyId, signature]))}\n`;
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
  const signedBy = signatures.map(readSignature).flatMap(({ name, keyId, signature }) => {
    // Name and id together name a key: four bytes alone are soon met by chance.
    const key = known.find((each) => each.name === name && each.keyId.equals(keyId));
    if (!key) return [];
    assert(
      verify(null, Buffer.from(text), key.publicKey, signature),
      `the signature of ${name} does not verify`,
    );
    return [name];
  });
  assert(signedBy.length > 0, 'no known key signed the note');
  return { text, signedBy: [...new Set(signedBy)] };
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

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4] */
function keyIdOf(name: string, bytes: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(`${name}\n`), ed25519Type, bytes]);
  return hash('sha256', named, 'buffer').subarray(0, keyIdLength);
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

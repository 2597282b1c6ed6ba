/**
 * Strict reading of DER (X.690 chapter 10). asn1js reads BER, so every byte is judged here before it is parsed:
 * whatever passes has exactly one reading, no matter whose parser reads it later. Walks without recursion, because
 * depth is chosen by the sender.
 */
import { type BaseBlock, fromBER } from 'asn1js';

/** How much of the sender's structure we are willing to read. */
export interface DerLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

const TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  null: 5,
  oid: 6,
  relativeOid: 13,
  sequence: 16,
  set: 17,
} as const;

/** asn1js copies what is left of an identifier for each of its arcs; those in use have a dozen bytes. */
const MAX_OID_BYTES = 64;
/** A signature with its chain has some hundred values; each is an object to be made. */
const MAX_NODES = 10_000;

/**
 * Parses one DER value that fills `bytes` to the last byte.
 * @throws Error when it is not DER, is too large or too deep, or has bytes after it.
 */
export function readDer(bytes: Buffer, limits: DerLimits): BaseBlock {
  assertDer(bytes, limits);
  const parsed = fromBER(bytes, {
    maxDepth: limits.maxDepth + 1,
    maxNodes: MAX_NODES,
    maxContentLength: limits.maxBytes,
    parseEmbedded: false,
  });
  if (parsed.offset !== bytes.length) throw new Error('not readable as ASN.1');
  return parsed.result;
}

/**
 * One pass over the tags and lengths; `ends` are the ends of the values we are inside of.
 * @throws Error as `readDer`, without building anything.
 */
export function assertDer(bytes: Buffer, { maxBytes, maxDepth }: DerLimits): void {
  if (bytes.length > maxBytes) throw new Error('too many bytes');
  const ends = [bytes.length];
  let offset = 0;
  let values = 0;
  for (;;) {
    while (ends.length > 1 && offset === ends.at(-1)) ends.pop();
    if (ends.length === 1 && values === 1) break;
    const head = readHead(bytes, offset, ends.at(-1) ?? 0);
    if (ends.length === 1) values = 1;
    if (ends.length > maxDepth) throw new Error('nested too deep');
    if (head.constructed) {
      ends.push(head.end);
      offset = head.start;
    } else {
      assertPrimitive(head.universalTag, bytes.subarray(head.start, head.end));
      offset = head.end;
    }
  }
  if (offset !== bytes.length) throw new Error('bytes after the value');
}

interface Head {
  readonly universalTag: number | undefined;
  readonly constructed: boolean;
  readonly start: number;
  readonly end: number;
}

/** Identifier and length octets at `offset`: low tags and minimal definite lengths only. */
function readHead(bytes: Buffer, offset: number, limit: number): Head {
  if (offset + 2 > limit) throw new Error('truncated');
  const identifier = bytes.readUInt8(offset);
  const tag = identifier & 0x1f;
  if (tag === 0x1f) throw new Error('high tag numbers are not used here');
  const constructed = (identifier & 0x20) !== 0;
  const universalTag = (identifier & 0xc0) === 0 ? tag : undefined;
  const mustBeConstructed = universalTag === TAG.sequence || universalTag === TAG.set;
  if (universalTag === 0) throw new Error('end-of-contents octets');
  if (universalTag !== undefined && constructed !== mustBeConstructed) throw new Error('not DER: form');

  const first = bytes.readUInt8(offset + 1);
  const size = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || size > 4) throw new Error('not DER: length form');
  const start = offset + 2 + size;
  if (start > limit) throw new Error('truncated');
  const length = size === 0 ? first : bytes.readUIntBE(offset + 2, size);
  if (size > 0 && (length < 0x80 || length < 2 ** (8 * (size - 1)))) throw new Error('not DER: length');
  if (start + length > limit) throw new Error('truncated');
  return { universalTag, constructed, start, end: start + length };
}

/** The content rules of DER that a lenient parser would let differ from what it reports. */
function assertPrimitive(universalTag: number | undefined, content: Buffer): void {
  const [first = 0, second = 0] = content;
  if (universalTag === TAG.boolean && !(content.length === 1 && (first === 0 || first === 0xff)))
    throw new Error('not DER: boolean');
  if (universalTag === TAG.integer) {
    if (content.length === 0) throw new Error('not DER: integer');
    const padded = content.length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80);
    if (padded) throw new Error('not DER: integer');
  }
  if (universalTag === TAG.bitString && (content.length === 0 || !zeroPadded(content)))
    throw new Error('not DER: bit string');
  if (universalTag === TAG.null && content.length !== 0) throw new Error('not DER: null');
  const isIdentifier = universalTag === TAG.oid || universalTag === TAG.relativeOid;
  if (isIdentifier && content.length > MAX_OID_BYTES) throw new Error('an object identifier too long');
  if (universalTag === TAG.oid && !minimalArcs(content)) throw new Error('not DER: object identifier');
}

function zeroPadded(content: Buffer): boolean {
  const unused = content.readUInt8(0);
  if (content.length === 1) return unused === 0;
  return unused <= 7 && (content.readUInt8(content.length - 1) & ((1 << unused) - 1)) === 0;
}

function minimalArcs(content: Buffer): boolean {
  if (content.length === 0 || content.readUInt8(content.length - 1) >= 0x80) return false;
  return content.every((byte, at) => byte !== 0x80 || (at > 0 && content.readUInt8(at - 1) >= 0x80));
}

/**
 * The members of a constructed value as slices of it, one after the other: for lists too long to parse as a tree.
 * Heads are judged on the way; what is inside of them only `assertDer` judges.
 */
export function* members(bytes: Buffer): Generator<Buffer> {
  const head = readHead(bytes, 0, bytes.length);
  if (!head.constructed) throw new Error('a constructed value was expected');
  for (let offset = head.start; offset < head.end;) {
    const { end } = readHead(bytes, offset, head.end);
    yield bytes.subarray(offset, end);
    offset = end;
  }
}

/** The content of a value, without its tag and length. `bytes` must have passed `assertDer`. */
export function contents(bytes: Buffer): Buffer {
  const head = readHead(bytes, 0, bytes.length);
  return bytes.subarray(head.start, head.end);
}

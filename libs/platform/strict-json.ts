/**
 * Judges the bytes of a JSON body before `JSON.parse` may build anything from them: how deep it is, how many values it
 * has, and whether a name stands twice in one object, where one reader would believe the first and another the last.
 * Of a text that is no JSON it says anything, because `JSON.parse` refuses that afterwards.
 */
import { isUtf8 } from 'node:buffer';

/** How large a body may be inside. */
export interface JsonBounds {
  /** Objects, lists and everything in them, names not counted. */
  readonly values?: number | undefined;
}

/** What is wrong with a body; stands in the `errors` of the answer. */
export type JsonFault =
  | 'text-not-utf8'
  | 'json-malformed'
  | 'json-too-deep'
  | 'json-list-in-list'
  | 'json-too-many-values'
  | 'json-string-too-long'
  | 'json-name-twice'
  | 'json-name-not-allowed'
  | 'json-character-not-allowed';

/** No body of the contract is nested deeper than the phone's, which has five levels. */
const maxDepth = 16;
/** The phone's body, the largest by members of the usual ones, has a dozen. */
const maxValues = 10_000;
/** The longest text of the contract is a signature of 64 KiB in base64. */
const maxStringBytes = 131_072;
/** An object of so many names is searched by a set, because comparing each with each would grow as their square. */
const manyNames = 32;

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const nothing = Buffer.alloc(0);
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** @returns what is wrong, or undefined */
export function faultOf(bytes: Buffer, { values = maxValues }: JsonBounds = {}): JsonFault | undefined {
  if (!isUtf8(bytes)) return 'text-not-utf8';
  return scan.run(bytes, values);
}

/** One pass over the bytes; its lists are kept for the next one, because making them anew costs as much as a check's pass. */
class Scan {
  private bytes: Buffer = nothing;
  private at = 0;
  private depth = 0;
  private values = 1;
  /** The last byte that was no white space and no part of a string. */
  private last = 0;
  /** By depth: whether the container is an object, and the number of names before its own. */
  private readonly isObject: boolean[] = [false];
  private readonly firstName: number[] = [0];
  /** Names of all open objects, the innermost last: a hash, and where each stands without its quotes. */
  private names = 0;
  private readonly hashes: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** By depth: the names of a large object. */
  private readonly sets: (Set<string> | undefined)[] = [];
  private hasEscape = false;

  run(bytes: Buffer, most: number): JsonFault | undefined {
    this.bytes = bytes;
    [this.at, this.depth, this.values, this.last, this.names] = [0, 0, 1, 0, 0];
    this.sets.length = 0;
    const fault = this.fault(most);
    // What a body said is not kept longer than its request.
    this.bytes = nothing;
    return fault;
  }

  private fault(most: number): JsonFault | undefined {
    const { bytes } = this;
    const end = bytes.length;
    while (this.at < end) {
      const byte = bytes[this.at] as number;
      if (byte === quote) {
        if (this.isFirst(byte)) this.values += 1;
        const fault = this.string();
        if (fault !== undefined) return fault;
        this.last = quote;
        continue;
      }
      this.at += 1;
      if (byte <= 0x20) continue;
      if (byte === comma || this.isFirst(byte)) this.values += 1;
      if (byte === openObject || byte === openList) {
        if (this.depth === maxDepth) return 'json-too-deep';
        // No body of the contract has one, and what validates the members of a list would look through it.
        if (byte === openList && this.depth > 0 && this.isObject[this.depth] === false)
          return 'json-list-in-list';
        this.open(byte === openObject);
      } else if (byte === closeObject || byte === closeList) {
        if (this.depth === 0) return 'json-malformed';
        this.close();
      }
      if (this.values > most) return 'json-too-many-values';
      this.last = byte;
    }
    return this.values > most ? 'json-too-many-values' : undefined;
  }

  /** Whether the byte begins what is first in a container; each further value follows a comma. */
  private isFirst(byte: number): boolean {
    const { last } = this;
    return (last === openObject || last === openList) && byte !== closeObject && byte !== closeList;
  }

  private open(isObject: boolean): void {
    this.depth += 1;
    this.isObject[this.depth] = isObject;
    this.firstName[this.depth] = this.names;
  }

  private close(): void {
    this.names = this.firstName[this.depth] as number;
    this.sets[this.depth] = undefined;
    this.depth -= 1;
  }

  /** Goes over a string; where a name is due, it is one. */
  private string(): JsonFault | undefined {
    const { bytes, last } = this;
    const start = this.at + 1;
    const isName = this.isObject[this.depth] === true && (last === openObject || last === comma);
    const hash = isName ? this.toQuoteHashing(start) : this.toQuote(start);
    if (this.at >= bytes.length) return 'json-malformed';
    const end = this.at;
    this.at += 1;
    if (end - start > maxStringBytes) return 'json-string-too-long';
    if (this.hasEscape && !hasWholeCharacters(bytes, start, end)) return 'json-character-not-allowed';
    return isName ? this.name(hash, start, end) : undefined;
  }

  /** Moves to the quote that ends the string, and notes whether anything in it is escaped. */
  private toQuote(start: number): number {
    const { bytes } = this;
    const end = bytes.length;
    let at = start;
    this.hasEscape = false;
    for (; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === quote) break;
      if (byte === backslash) {
        this.hasEscape = true;
        at += 1;
      }
    }
    this.at = at;
    return 0;
  }

  /** The same, with the FNV-1a hash of the bytes. */
  private toQuoteHashing(start: number): number {
    const { bytes } = this;
    const end = bytes.length;
    let at = start;
    let hash = fnvBasis;
    this.hasEscape = false;
    for (; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === quote) break;
      if (byte === backslash) {
        this.hasEscape = true;
        at += 1;
      }
      hash = Math.imul(hash ^ byte, fnvPrime);
    }
    this.at = at;
    return hash;
  }

  /** Whether the object has no such name yet; `"iin"` and `"\u0069in"` are the same. */
  private name(plainHash: number, start: number, end: number): JsonFault | undefined {
    let hash = plainHash;
    if (this.hasEscape) {
      const text = this.text(start, end);
      if (text === undefined) return 'json-malformed';
      hash = hashOf(Buffer.from(text));
    }
    if (isForbidden(hash) && forbidden.has(this.text(start, end) ?? '')) return 'json-name-not-allowed';
    const first = this.firstName[this.depth] as number;
    if (this.names - first >= manyNames) return this.nameOfMany(first, start, end);
    for (let each = first; each < this.names; each += 1)
      if (this.hashes[each] === hash && this.nameAt(each) === this.text(start, end)) return 'json-name-twice';
    this.hashes[this.names] = hash;
    this.starts[this.names] = start;
    this.ends[this.names] = end;
    this.names += 1;
    return undefined;
  }

  private nameOfMany(first: number, start: number, end: number): JsonFault | undefined {
    let known = this.sets[this.depth];
    if (known === undefined) {
      known = new Set();
      for (let each = first; each < this.names; each += 1) known.add(this.nameAt(each) ?? '');
      this.sets[this.depth] = known;
    }
    const text = this.text(start, end);
    if (text === undefined) return 'json-malformed';
    if (known.has(text)) return 'json-name-twice';
    known.add(text);
    return undefined;
  }

  private nameAt(each: number): string | undefined {
    return this.text(this.starts[each] as number, this.ends[each] as number);
  }

  /** What the string between the quotes says; undefined when it is none. */
  private text(start: number, end: number): string | undefined {
    const raw = this.bytes.toString('utf8', start, end);
    if (!raw.includes('\\')) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      return undefined;
    }
  }
}

const [fnvBasis, fnvPrime] = [0x811c9dc5 | 0, 0x01000193];

function hashOf(bytes: Uint8Array): number {
  let hash = fnvBasis;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, fnvPrime);
  return hash;
}

/**
 * Names by which a parsed value could pass for another kind of object, and those that every object has: where unknown
 * members are refused, these would be passed over as known.
 */
const forbidden: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);
/** By the last byte of a hash: one look is all that a name of ours costs. */
const marked = new Uint8Array(256);
for (const name of forbidden) marked[hashOf(Buffer.from(name)) & 0xff] = 1;

function isForbidden(hash: number): boolean {
  return marked[hash & 0xff] === 1;
}

const scan = new Scan();

/**
 * Whether the escapes of a string give characters that can be stored and compared: neither U+0000, which PostgreSQL
 * takes in no text, nor half of a surrogate pair, which has no UTF-8.
 */
function hasWholeCharacters(bytes: Buffer, start: number, end: number): boolean {
  let high = false;
  for (let at = start; at < end; at += 1) {
    const isUnicode = bytes[at] === backslash && bytes[at + 1] === 0x75;
    const unit = isUnicode ? parseInt(bytes.toString('latin1', at + 2, at + 6), 16) : -1;
    if (unit === 0) return false;
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (high !== isLow) return false;
    high = unit >= 0xd800 && unit <= 0xdbff;
    if (isUnicode) at += 5;
    else if (bytes[at] === backslash) at += 1;
  }
  return !high;
}

/**
 * Who is refused, as the entries of the Journal say it, in the space of some kilobytes: for each part of the pseudonyms a
 * count and the XOR of a keyed hash of each refusal in force. The key is drawn by the process and leaves it nowhere, so
 * nobody can choose rows that come to the same digest.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

/** Parts by the first twelve bits of the pseudonym: of thirteen million refusals one holds some three thousand. */
export const parts = 4096;
/** Pseudonym 32 · epoch 2 · version 4. */
export const itemLength = 38;
const digestLength = 32;

export interface FoldStanding {
  readonly count: number;
  readonly digest: Buffer;
}

export class Fold {
  /** Entries below this are in it. */
  size = 0;
  private readonly counts = new Int32Array(parts);
  private readonly digests = Buffer.alloc(parts * digestLength);

  constructor(private readonly key: Buffer) {}

  /** A placing adds its item, a lift takes away the one of the placing before: the same XOR. */
  move(item: Buffer, isPlaced: boolean): void {
    const part = partOf(item);
    this.counts[part] = (this.counts[part] ?? 0) + (isPlaced ? 1 : -1);
    xorInto(this.digests, part * digestLength, hashOf(this.key, item));
  }

  /** Of the parts from … to − 1 together. */
  standing(from: number, to: number): FoldStanding {
    const digest = Buffer.alloc(digestLength);
    let count = 0;
    for (let part = from; part < to; part += 1) {
      count += this.counts[part] ?? 0;
      xorInto(digest, 0, this.digests.subarray(part * digestLength, (part + 1) * digestLength));
    }
    return { count, digest };
  }

  /** The end of the longest run of parts from here that holds no more than so many refusals, and one part at least. */
  runFrom(from: number, atMost: number): number {
    let count = this.counts[from] ?? 0;
    let to = from + 1;
    while (to < parts && count + (this.counts[to] ?? 0) <= atMost) {
      count += this.counts[to] ?? 0;
      to += 1;
    }
    return to;
  }

  equals(other: Fold): boolean {
    assert(this.key.equals(other.key), 'digests of two keys');
    return (
      this.digests.equals(other.digests) && this.counts.every((count, part) => count === other.counts[part])
    );
  }
}

/** The same of rows: their items one after the other. */
export function standingOf(key: Buffer, items: Buffer): FoldStanding {
  assert(items.length % itemLength === 0, 'whole items');
  const digest = Buffer.alloc(digestLength);
  for (let at = 0; at < items.length; at += itemLength)
    xorInto(digest, 0, hashOf(key, items.subarray(at, at + itemLength)));
  return { count: items.length / itemLength, digest };
}

/** The first pseudonym of a part, and what lies behind the last one. */
export function boundsOf(from: number, to: number): { readonly first: Buffer; readonly behind: Buffer } {
  const edge = (part: number): Buffer => Buffer.from([part >> 4, (part & 15) << 4]);
  return { first: edge(from), behind: to === parts ? Buffer.alloc(33, 0xff) : edge(to) };
}

function partOf(item: Buffer): number {
  assert(item.length === itemLength, 'a whole item');
  return item.readUInt16BE(0) >> 4;
}

function hashOf(key: Buffer, item: Buffer): Buffer {
  return createHmac('sha256', key).update(item).digest();
}

function xorInto(digests: Buffer, offset: number, hash: Buffer): void {
  for (let at = 0; at < digestLength; at += 4)
    digests.writeInt32LE(digests.readInt32LE(offset + at) ^ hash.readInt32LE(at), offset + at);
}

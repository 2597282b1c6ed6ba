/**
 * The digest by which a bureau and the registry compare the refusals in force. Because an item is added and taken away
 * by the same XOR, the digest is kept up to date with each item of the feed, and an older one comes from a newer.
 *
 *     item   = SHA-256(UTF-8 of sub_id ‖ "|" ‖ decimal version)      sub_id in base64url
 *     bucket = first byte of the item
 *     value  = XOR of the items of a bucket, 32 zero bytes when empty
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

const bucketCount = 256;
const itemLength = 32;

/** One refusal in force, as a digest counts it. */
export interface Member {
  /** 32 bytes. */
  readonly subId: Buffer;
  readonly version: number;
}

/** An item of the feed as far as digests go. */
export interface Toggle extends Member {
  readonly kind: 'refusal-placed' | 'refusal-lifted';
}

/** Value of each bucket, 256 × 32 bytes. */
export type Vector = readonly Buffer[];

export function itemOf({ subId, version }: Member): Buffer {
  return createHash('sha256')
    .update(`${subId.toString('base64url')}|${version}`)
    .digest();
}

export function bucketOf(item: Buffer): number {
  const [first] = item;
  assert(first !== undefined && item.length === itemLength);
  return first;
}

/** Which refusal an item of the feed puts into force or ends: versions rise by one, so a lift ends the one before its own. */
export function toggledBy({ kind, subId, version }: Toggle): Member {
  return { subId, version: kind === 'refusal-placed' ? version : version - 1 };
}

export function xor(a: Buffer, b: Buffer): Buffer {
  assert(a.length === itemLength && b.length === itemLength);
  return Buffer.from(a.map((byte, place) => byte ^ (b[place] ?? 0)));
}

/** Nothing in force. */
export function emptyVector(): Vector {
  return Array.from({ length: bucketCount }, () => Buffer.alloc(itemLength));
}

/** The vector with these items of the feed done or, which is the same, undone. */
export function toggled(vector: Vector, toggles: readonly Toggle[]): Vector {
  const next = [...vector];
  for (const toggle of toggles) {
    const item = itemOf(toggledBy(toggle));
    const bucket = bucketOf(item);
    next[bucket] = xor(next[bucket] ?? Buffer.alloc(itemLength), item);
  }
  return next;
}

/** By how many refusals in force these items raise the count. */
export function growthBy(toggles: readonly Pick<Toggle, 'kind'>[]): number {
  return toggles.reduce((sum, { kind }) => sum + (kind === 'refusal-placed' ? 1 : -1), 0);
}

/** Buckets in which two vectors differ, ascending. */
export function differingBuckets(a: Vector, b: Vector): readonly number[] {
  assert(a.length === bucketCount && b.length === bucketCount);
  return a.flatMap((value, bucket) => (b[bucket]?.equals(value) ? [] : [bucket]));
}

export function vectorFromBytes(bytes: Buffer): Vector {
  assert(bytes.length === bucketCount * itemLength);
  return Array.from({ length: bucketCount }, (_, bucket) =>
    bytes.subarray(bucket * itemLength, (bucket + 1) * itemLength),
  );
}

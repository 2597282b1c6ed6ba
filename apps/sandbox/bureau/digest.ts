/** The digest of what a bureau holds, from the words of the contract: SHA-256 of "sub_id|version", XOR per first byte. */
import { createHash } from 'node:crypto';

export interface Held {
  readonly subId: string;
  readonly version: number;
}

export function itemOf({ subId, version }: Held): Buffer {
  return createHash('sha256').update(`${subId}|${version}`).digest();
}

/** 256 values in base64url. */
export function vectorOf(held: readonly Held[]): readonly string[] {
  const buckets = Array.from({ length: 256 }, () => Buffer.alloc(32));
  for (const one of held) {
    const item = itemOf(one);
    const bucket = buckets[item[0] ?? 0];
    if (bucket !== undefined)
      for (const [place, byte] of item.entries()) bucket[place] = (bucket[place] ?? 0) ^ byte;
  }
  return buckets.map((bucket) => bucket.toString('base64url'));
}

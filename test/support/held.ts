/** What a bureau holds, and its digest, by the document's own words. */
import { createHash } from 'node:crypto';
import type { Received } from './bureau-reader.js';

/** A bureau's own set: item of the digest → the placing it came with. */
export type Held = Map<string, Received>;

export const itemOf = (subId: string, version: number): Buffer =>
  createHash('sha256').update(`${subId}|${version}`).digest();

/** What a bureau holds that applied these items. */
export function held(items: readonly Received[]): Held {
  const set: Held = new Map();
  for (const item of items) {
    const { id } = item.claims.sub_id;
    const { version } = item.event;
    if (item.kind === 'refusal-placed') set.set(itemOf(id, version).toString('base64url'), item);
    else set.delete(itemOf(id, version - 1).toString('base64url'));
  }
  return set;
}

/** 256 values in base64url. */
export function vectorOf(set: Held): string[] {
  const buckets = Array.from({ length: 256 }, () => Buffer.alloc(32));
  for (const name of set.keys()) {
    const item = Buffer.from(name, 'base64url');
    const bucket = buckets[item[0] ?? 0];
    bucket?.forEach((byte, place) => (bucket[place] = byte ^ (item[place] ?? 0)));
  }
  return buckets.map((bucket) => bucket.toString('base64url'));
}

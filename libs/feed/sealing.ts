/** What a sealing changes of the set in force: a person placed and lifted within one page ends as he was left. */
import { bucketOf, growthBy, itemOf, toggledBy, xor, type Toggle } from './digest.js';

interface Item extends Toggle {
  readonly seq: number;
}

interface Placed {
  readonly subId: Buffer;
  readonly version: number;
  readonly seq: number;
  readonly bucket: number;
}

export interface SetChanged {
  readonly placed: readonly Placed[];
  /** Persons with no refusal in force afterwards. */
  readonly lifted: readonly Buffer[];
  /** Bucket → XOR of the items that changed in it. */
  readonly buckets: ReadonlyMap<number, Buffer>;
  readonly growth: number;
}

/** @param items of one stream in their order */
export function setAfter(items: readonly Item[]): SetChanged {
  const last = new Map(items.map((item) => [item.subId.toString('base64url'), item]));
  const buckets = new Map<number, Buffer>();
  for (const item of items) {
    const hash = itemOf(toggledBy(item));
    const bucket = bucketOf(hash);
    buckets.set(bucket, xor(buckets.get(bucket) ?? Buffer.alloc(32), hash));
  }
  const standing = [...last.values()];
  return {
    placed: standing
      .filter(({ kind }) => kind === 'refusal-placed')
      .map(({ subId, version, seq }) => ({
        subId,
        version,
        seq,
        bucket: bucketOf(itemOf({ subId, version })),
      })),
    lifted: standing.filter(({ kind }) => kind === 'refusal-lifted').map(({ subId }) => subId),
    buckets,
    growth: growthBy(items),
  };
}

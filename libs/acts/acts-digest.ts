/**
 * The chain over the registry's acts: each act by its place, its leaf and whether it counts. Whoever has the newest value
 * has all of them, so one signature vouches for every act before it.
 */
import { createHash } from 'node:crypto';

/** The chain before the first act. */
export const noActs: Buffer = Buffer.alloc(32);

/** SHA-256(before ‖ u64be(index) ‖ leafHash ‖ 0x01 when the act counts, 0x00 when it was refused) */
export function chained(before: Buffer, index: number, leafHash: Buffer, counts: boolean): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(index));
  return createHash('sha256')
    .update(before)
    .update(place)
    .update(leafHash)
    .update(Buffer.of(counts ? 1 : 0))
    .digest();
}

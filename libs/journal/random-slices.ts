/** Random bytes by the handful: one call of the generator costs more than all the bytes that an entry needs. */
import { randomBytes } from 'node:crypto';

const poolLength = 8192;
let pool = Buffer.alloc(0);
let used = 0;

/** Bytes of the system's generator that nobody was given before; at most 64 at a time. */
export function randomSlice(length: number): Buffer {
  if (used + length > pool.length) {
    pool = randomBytes(poolLength);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

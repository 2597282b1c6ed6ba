/** A thread that makes chunks, so that hashing and PostgreSQL each have a processor. */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { makeChunk, randomLength, type ChunkPlan, type LoadGround } from './chunk.js';
import { orderKeys } from './order.js';
import type { KeysPlan } from './threads.worker.js';

const ground = workerData as LoadGround;

parentPort?.on('message', (plan: ChunkPlan | KeysPlan) => {
  if (!('kind' in plan)) {
    const keys = orderKeys(ground, plan.from, plan.to);
    parentPort?.postMessage(keys, [keys.buffer as ArrayBuffer]);
    return;
  }
  const made = makeChunk(ground, plan, randomBytes(randomLength * plan.people.length));
  // Handed over, not copied.
  const memory = [made.entries, made.rows, made.leaves].map(({ buffer }) => buffer as ArrayBuffer);
  parentPort?.postMessage(made, memory);
});

/** Waits for the clerk: what an act loosens counts once its record of verified acts covers it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import type { Belief } from '#libs/acts/belief.js';
import type { RegistryReader } from '#libs/acts/registry-reader.service.js';

export interface Coverage {
  /** The belief once no act waits any more, or as it stands when the patience is over. */
  settled(): Promise<Belief>;
}

const patienceMs = 10_000;
const pauseMs = 50;

/** @param clock machine time in milliseconds. */
export function coverageOf(reader: RegistryReader, tx: EntityManager, clock: () => number): Coverage {
  return {
    async settled() {
      const end = clock() + patienceMs;
      for (;;) {
        const belief = await reader.read(tx);
        if (belief.pending.length === 0 || clock() > end) return belief;
        await wait(pauseMs);
      }
    },
  };
}

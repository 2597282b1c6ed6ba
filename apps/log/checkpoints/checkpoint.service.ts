/** What was published last. */
import type { EntityManager } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { newestCheckpoint } from './published.store.js';

export class CheckpointService {
  constructor(private readonly tx: EntityManager) {}

  /** A signed note (C2SP tlog-checkpoint). @throws Problem `not-found` before the first. */
  async newest(): Promise<string> {
    const newest = await newestCheckpoint(this.tx);
    if (newest === undefined) throw new Problem('not-found');
    return newest.note;
  }
}

/** What the log key last signed. */
import type { EntityManager } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { newestNote } from './published.store.js';

export class CheckpointService {
  constructor(private readonly tx: EntityManager) {}

  /** A signed note (C2SP tlog-checkpoint). @throws Problem `not-found` before the first. */
  async newest(): Promise<string> {
    const note = await newestNote(this.tx);
    if (note === undefined) throw new Problem('not-found');
    return note;
  }
}

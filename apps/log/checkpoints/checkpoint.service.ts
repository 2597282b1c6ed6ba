/** What was published last. */
import { Problem } from '#libs/problem/problem.js';
import type { NewestService } from './newest.service.js';

export class CheckpointService {
  constructor(private readonly published: Pick<NewestService, 'newest'>) {}

  /** A signed note (C2SP tlog-checkpoint). @throws Problem `not-found` before the first. */
  async newest(): Promise<string> {
    const newest = await this.published.newest();
    if (newest === undefined) throw new Problem('not-found');
    return newest.note;
  }
}

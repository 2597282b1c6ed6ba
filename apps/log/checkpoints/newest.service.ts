/**
 * What was published last. The folder remembers it when the database was put back behind it: what anybody was shown once
 * is shown for good.
 */
import type { EntityManager } from 'typeorm';
import { newestCheckpoint } from './published.store.js';
import { shownIn, type PublishedCheckpoint, type ReadFolder } from './shown.js';

export class NewestService {
  /** @param folder undefined where the log was given none */
  constructor(
    private readonly tx: EntityManager,
    private readonly folder: ReadFolder | undefined,
    private readonly origin: string,
  ) {}

  /** Undefined before the first. */
  async newest(): Promise<PublishedCheckpoint | undefined> {
    const kept = await newestCheckpoint(this.tx, this.origin);
    const shown = this.folder && (await shownIn(this.folder, this.origin));
    // Of one size the folder's, because no password of the database writes there.
    return shown !== undefined && shown.size >= (kept?.size ?? 0) ? shown : kept;
  }
}

/**
 * Reads every file of the log again, page after page, and writes those again that hold other bytes than the leaves give:
 * the signer itself looks only at the edge it builds on. The leaves are measured against the published root first, so a
 * row that was changed under it is found here, too, and no good file is made a bad one.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { LogFilesService, type LogFolder } from '#libs/journal/log-files.service.js';
import { standing } from './checkpoints.store.js';

export interface MendingSettings {
  readonly tx: EntityManager;
  /** The log whose files these are. */
  readonly origin: string;
  readonly files: LogFolder;
  /** Told which files held other bytes, and were written again. */
  readonly onMended?: (paths: readonly string[]) => void;
  /** Between two pages of some ten thousand leaves, ms: nobody waits for this, and checkpoints go first. */
  readonly pauseMs?: number;
}

export class MendingService {
  constructor(private readonly settings: MendingSettings) {}

  /**
   * Goes through everything that is published, once.
   * @returns the size; undefined when nothing is published yet.
   * @throws LeafDiffers; whatever `signal` was aborted with
   */
  async mend(signal?: AbortSignal): Promise<number | undefined> {
    const { tx, origin, files, onMended, pauseMs = 1000 } = this.settings;
    const { published } = await standing(tx, origin);
    if (published === undefined) return undefined;
    const logFiles = new LogFilesService({
      ...{ tx, folder: files },
      onPage: () => wait(pauseMs, undefined, { ...(signal && { signal }) }),
      ...(onMended && { onDiffering: onMended }),
    });
    await logFiles.mend(published.size, published.root);
    return published.size;
  }
}

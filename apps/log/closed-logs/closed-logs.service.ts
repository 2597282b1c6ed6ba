/**
 * Logs that were closed with `log.broken`, from the folders they left: nothing is added to them, and what they published
 * stays readable, so that receipts of their time keep their proof.
 */
import type { EntityManager } from 'typeorm';
import type { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { Problem } from '#libs/problem/problem.js';
import { shownIn, type ReadFolder } from '../checkpoints/shown.js';
import { KeysService } from '../keys/keys.service.js';
import { TilesService } from '../tiles/tiles.service.js';

/** A closed log as the configuration names it. */
export interface ClosedLog {
  readonly origin: string;
  readonly folder: ReadFolder;
}

interface Kept {
  readonly newest: () => ReturnType<typeof shownIn>;
  readonly tiles: TilesService;
  readonly keys: KeysService;
}

export class ClosedLogsService {
  /** By the number at the end of the name. */
  private readonly logs: ReadonlyMap<string, Kept>;

  constructor(
    tx: EntityManager,
    reader: RegistryReader,
    logs: readonly ClosedLog[],
    witnesses: readonly string[],
  ) {
    this.logs = new Map(
      logs.map(({ origin, folder }): [string, Kept] => {
        const newest = (): ReturnType<typeof shownIn> => shownIn(folder, origin);
        const tiles = new TilesService({ newest }, folder);
        return [numberOf(origin), { newest, tiles, keys: new KeysService(tx, reader, origin, witnesses) }];
      }),
    );
  }

  /** Its last checkpoint. @throws Problem `not-found` */
  async checkpoint(number: string): Promise<string> {
    const last = await this.of(number).newest();
    if (last === undefined) throw new Problem('not-found');
    return last.note;
  }

  /** vkeys under the name that was closed. @throws Problem `not-found` */
  async vkeys(number: string): Promise<string> {
    return this.of(number).keys.vkeys();
  }

  /** @param path below the log: `tile/…` @throws Problem `not-found` */
  async tile(number: string, path: string): ReturnType<TilesService['named']> {
    return this.of(number).tiles.named(path);
  }

  private of(number: string): Kept {
    const log = this.logs.get(number);
    if (log === undefined) throw new Problem('not-found');
    return log;
  }
}

function numberOf(origin: string): string {
  return origin.slice(origin.lastIndexOf('/') + 1);
}

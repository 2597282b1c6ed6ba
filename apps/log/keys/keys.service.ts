/** Which keys the registry signs with, for everybody. */
import type { EntityManager } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { jwkSet, vkeyLines } from './jwks.js';
import { signingKeys } from './signing-keys.store.js';

export class KeysService {
  /**
   * @param origin name of the log, under which its key signs notes.
   * @param witnesses vkeys of those who cosign its checkpoints.
   */
  constructor(
    private readonly tx: EntityManager,
    private readonly origin: string,
    private readonly witnesses: readonly string[] = [],
  ) {}

  async jwks(): Promise<ReturnType<typeof jwkSet>> {
    return jwkSet(await signingKeys(this.tx));
  }

  /** A vkey a line, the log's before the witnesses'. @throws Problem `not-found` before the log's key is published. */
  async vkeys(): Promise<string> {
    const lines = vkeyLines(await signingKeys(this.tx), this.origin);
    if (lines.length === 0) throw new Problem('not-found');
    return `${[...lines, ...this.witnesses].join('\n')}\n`;
  }
}

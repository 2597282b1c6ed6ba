/** Which keys the registry signs with, for everybody. */
import type { EntityManager } from 'typeorm';
import { Problem } from '#libs/problem/problem.js';
import { jwkSet, vkeyLines } from './jwks.js';
import { signingKeys } from './signing-keys.store.js';

export class KeysService {
  /** @param origin name of the log, under which its key signs notes. */
  constructor(
    private readonly tx: EntityManager,
    private readonly origin: string,
  ) {}

  async jwks(): Promise<ReturnType<typeof jwkSet>> {
    return jwkSet(await signingKeys(this.tx));
  }

  /** A vkey a line. @throws Problem `not-found` before the log's key is published. */
  async vkeys(): Promise<string> {
    const lines = vkeyLines(await signingKeys(this.tx), this.origin);
    if (lines.length === 0) throw new Problem('not-found');
    return `${lines.join('\n')}\n`;
  }
}

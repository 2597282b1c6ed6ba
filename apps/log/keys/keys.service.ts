/** Which keys the registry signs with, for everybody: those of acts that may be believed, not those of a table. */
import type { EntityManager } from 'typeorm';
import { jwkSet, keysNewestFirst, vkeyLines } from '#libs/acts/jwk-set.js';
import type { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { SigningKeyRow } from '#libs/acts/registry.js';
import { Problem } from '#libs/problem/problem.js';

export class KeysService {
  /**
   * @param origin name of the log, under which its key signs notes.
   * @param witnesses vkeys of those who cosign its checkpoints.
   */
  constructor(
    private readonly tx: EntityManager,
    private readonly reader: RegistryReader,
    private readonly origin: string,
    private readonly witnesses: readonly string[] = [],
  ) {}

  async jwks(): Promise<ReturnType<typeof jwkSet>> {
    return jwkSet(await this.keys());
  }

  /** A vkey a line, the log's before the witnesses'. @throws Problem `not-found` before the log's key is published. */
  async vkeys(): Promise<string> {
    const lines = vkeyLines(await this.keys(), this.origin);
    if (lines.length === 0) throw new Problem('not-found');
    return `${[...lines, ...this.witnesses].join('\n')}\n`;
  }

  /** @throws Problem `registry-unavailable` when the entries are not those this process may believe. */
  private async keys(): Promise<readonly SigningKeyRow[]> {
    try {
      return keysNewestFirst((await this.reader.read(this.tx)).registry);
    } catch (cause) {
      throw new Problem('registry-unavailable', { cause });
    }
  }
}

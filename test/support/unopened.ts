/** A registry before its opening: everybody is admitted, and nobody is protected by it yet. */
import type { Config } from '#libs/platform/config.js';
import type { Change } from '#libs/acts/change.js';
import { openRegistry, type Foundation } from '../../apps/tool/registry.module.js';

/** Publishes the keys and admits parties and officials: one commit. */
export async function foundUnopened(
  config: Config,
  { publicKeys, parties, officials }: Foundation,
): Promise<void> {
  const { acts, close } = await openRegistry(config);
  try {
    await acts.found([
      ...publicKeys.map((key): Change => ({ kind: 'key.published', body: { ...key } })),
      ...parties.map((party): Change => ({ kind: 'party.admitted', body: { party } })),
      ...officials.map((official): Change => ({ kind: 'party.admitted', body: { official } })),
    ]);
  } finally {
    await close();
  }
}

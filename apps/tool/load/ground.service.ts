/** What a load takes from the registry that it fills: its law, its lenders, its newest lookup key. */
import type { DataSource } from 'typeorm';
import type { Instant } from '#libs/journal/instant.js';
import type { Config } from '#libs/platform/config.js';
import { readLookupKeys } from '#libs/platform/keys.js';
import { valueAt } from '#libs/regime/regime.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { LoadGround } from './chunk.js';
import { LoadRefused } from './load.service.js';

/** @throws LoadRefused when the registry is not open or no lender is admitted */
export async function groundOf(
  dataSource: DataSource,
  config: Pick<Config, 'keysDir' | 'acts'>,
  { refusals, seed }: { readonly refusals: number; readonly seed: number },
  at: Instant,
): Promise<LoadGround> {
  const { isOpen, parties, regime } = (await new RegistryReader(config.acts ?? {}).read(dataSource.manager))
    .registry;
  if (!isOpen) throw new LoadRefused('the registry is not open yet');
  const newest = [...readLookupKeys(config.keysDir)].at(-1);
  if (newest === undefined) throw new LoadRefused('there is no lookup key');
  const [epoch, lookupKey] = newest;
  const kinds: readonly string[] = valueAt(regime, 'lenderKinds', at);
  const lenders = [...parties.values()]
    .filter(({ kind, state }) => kinds.includes(kind) && state === 'admitted')
    .map(({ clientId, bin }) => ({
      clientId,
      bin,
      validity: valueAt(regime, 'checkValidity', at, clientId),
    }));
  if (lenders.length === 0) throw new LoadRefused('no lender is admitted');
  return {
    epoch,
    lookupKey,
    seed,
    refused: refusals,
    lockHours: Math.max(...valueAt(regime, 'lockAllowed', at).filter((hours) => hours <= 24)),
    lenders,
  };
}

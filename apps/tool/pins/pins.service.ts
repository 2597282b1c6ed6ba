/** The pins of a registry, from its entries: the chain over the founding, and the clerk's first key for records. */
import type { EntityManager } from 'typeorm';
import { actsBetween } from '#libs/acts/acts.store.js';
import { afterEntry, noBelief, type ActPins } from '#libs/acts/belief.js';
import { ActRefused } from '#libs/acts/members.js';

/** @throws ActRefused before the registry is open, or before a key for records is published. */
export async function pinsOf(tx: EntityManager): Promise<Required<ActPins>> {
  let belief = noBelief;
  let founding: string | undefined;
  for (const row of await actsBetween(tx, 0, Number.MAX_SAFE_INTEGER)) {
    belief = await afterEntry(belief, row, {}, 0);
    if (belief.covered.isOpen) founding ??= belief.digest.toString('base64url');
  }
  const bodies = belief.pending.filter(({ kind }) => kind === 'key.published').map(({ body }) => body);
  const kid = [...belief.covered.signingKeys.values(), ...bodies].find(
    (key) => (key as { purpose?: unknown }).purpose === 'registry',
  ) as { readonly kid: string } | undefined;
  if (founding === undefined) throw new ActRefused('open the registry first');
  if (kid === undefined) throw new ActRefused('publish a key of the purpose registry first');
  return { founding, kid: kid.kid };
}

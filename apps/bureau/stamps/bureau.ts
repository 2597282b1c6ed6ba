/** The bureau that speaks, by the rules under which its act is decided. */
import type { Party } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';
import type { Rules } from '#libs/refusal/rules.js';

/** @throws Problem `not-permitted`, `party-suspended` */
export function bureauOf({ parties }: Rules, clientId: string): Party {
  const party = parties.get(clientId);
  if (party?.kind !== 'bureau') throw new Problem('not-permitted');
  if (party.state === 'suspended') throw new Problem('party-suspended');
  return party;
}

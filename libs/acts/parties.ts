/** The believed registry in the shapes that the rules of parties and law are written for. */
import type { Party, PartyKey } from '#libs/party/party.js';
import type { Belief } from './belief.js';
import type { PartyKeyRow } from './registry.js';

/** What parties are made of. */
interface Believed {
  readonly registry: Pick<Belief['registry'], 'parties' | 'partyKeys'>;
  readonly endedAt: Belief['endedAt'];
}

/** Every party by client id, suspended ones too, with all its keys. */
export function partiesOf({ registry, endedAt }: Believed): ReadonlyMap<string, Party> {
  const keys = new Map<string, PartyKey[]>();
  for (const row of registry.partyKeys.values())
    keys.set(row.clientId, [...(keys.get(row.clientId) ?? []), keyOf(row)]);
  const names = [...registry.parties.keys()].toSorted();
  return new Map(
    names.flatMap((clientId) => {
      const row = registry.parties.get(clientId);
      if (row === undefined) return [];
      const { entryIndex: _, ...party } = row;
      const own = (keys.get(clientId) ?? []).toSorted(newestFirst);
      const ended = endedAt.get(clientId);
      return [[clientId, { ...party, keys: own, ...(ended !== undefined && { tokensEndedAt: ended }) }]];
    }),
  );
}

/** The party that was admitted under this client id. */
export function partyOf(belief: Believed, clientId: string): Party | undefined {
  const row = belief.registry.parties.get(clientId);
  if (row === undefined) return undefined;
  const own = [...belief.registry.partyKeys.values()].filter((key) => key.clientId === clientId);
  const alone = {
    parties: new Map([[clientId, row]]),
    partyKeys: new Map(own.map((key) => [key.kid, key])),
  };
  return partiesOf({ registry: alone, endedAt: belief.endedAt }).get(clientId);
}

function keyOf({ kid, use, jwk, certSha256, notBefore, expiresAt, retiredAt }: PartyKeyRow): PartyKey {
  return {
    ...{ kid, use, jwk, notBefore, certSha256: certSha256 ?? null },
    ...{ expiresAt: expiresAt ?? null, retiredAt: retiredAt ?? null },
  };
}

function newestFirst(a: PartyKey, b: PartyKey): number {
  return b.notBefore - a.notBefore || (a.kid < b.kid ? -1 : 1);
}

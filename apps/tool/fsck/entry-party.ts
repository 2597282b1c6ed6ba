/** The party beside an entry: who acted is the one whose number or name stands in the text. */
import type { Registry } from '#libs/acts/registry.js';
import type { ReadEntry } from './entry-rows.js';

/** Members of the text that name who acted, by kind; of the other kinds the text names nobody. */
const named: Readonly<Record<string, 'lender' | 'bureau' | 'channel'>> = {
  'check.made': 'lender',
  'refusal.stamped': 'bureau',
  'stamp.lost': 'bureau',
  'bureau.disagreed': 'bureau',
  'correction.reported': 'bureau',
};
/** Acts of the registry itself: the text names the party that they are about, if any. */
const own = /^(registry|regime|party|key|log|outage)\.|^refusal\.(inherited|lifted)$/;

/** What is wrong with the column; undefined when nothing is. */
export function faultOfParty({ row, kind, members }: ReadEntry, registry: Registry): string | undefined {
  const fault = 'column party names another than the text does';
  const { channel, clientId, party: body } = members;
  if (own.test(kind)) {
    const about = clientId ?? (body as { readonly clientId?: unknown } | undefined)?.clientId ?? null;
    return row.party === about ? undefined : fault;
  }
  if (typeof channel === 'string') return row.party === channel ? undefined : fault;
  const member = named[kind];
  if (member === undefined) return undefined;
  const party = registry.parties.get(row.party ?? '');
  return party?.bin === members[member] ? undefined : fault;
}

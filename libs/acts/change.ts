/**
 * One change of the registry: an entry's kind and body, and the rows it writes into the registry before it. Pure, so
 * that the writer, a draft and fsck say the same of the same entry.
 */
import type { EntryKind } from '#libs/journal/entry.js';
import { brokenRows } from './log-changes.js';
import { officialRows, suspendedOfficialRows } from './official-changes.js';
import { ActRefused, type Body } from './members.js';
import { keyChangedRows, partyRows, suspendedPartyRows } from './party-changes.js';
import { withRows, type Place, type Registry, type RegistryRows } from './registry.js';
import { compromisedRows, openedRows, publishedRows, retiredRows, ruleRows } from './rule-changes.js';

export interface Change {
  readonly kind: EntryKind;
  readonly body: Body;
}

type Reader = (registry: Registry, body: Body, place: Place) => RegistryRows;

/** Every kind the operator's acts can leave. */
const readers: Readonly<Partial<Record<EntryKind, Reader>>> = {
  'registry.opened': openedRows,
  'party.admitted': (registry, body, place) =>
    (Object.hasOwn(body, 'official') ? officialRows : partyRows)(registry, body, place),
  'party.suspended': (registry, body, place) =>
    (Object.hasOwn(body, 'officialId') ? suspendedOfficialRows : suspendedPartyRows)(registry, body, place),
  'party.key-changed': keyChangedRows,
  'regime.changed': ruleRows,
  'key.published': publishedRows,
  'key.retired': retiredRows,
  'key.compromised': compromisedRows,
  'log.broken': brokenRows,
};

/** Whether entries of this kind change the registry, and so are folded. */
export function changesRegistry(kind: EntryKind): boolean {
  return Object.hasOwn(readers, kind);
}

/** @throws ActRefused in words, when the registry cannot be changed so. */
export function rowsOf(registry: Registry, change: Change, place: Place): RegistryRows {
  const read = readers[change.kind];
  if (read === undefined) throw new ActRefused(`${change.kind} is no act of the operator`);
  return read(registry, change.body, place);
}

/** The registry after a change. @throws ActRefused */
export function registryAfter(registry: Registry, change: Change, place: Place): Registry {
  return withRows(registry, rowsOf(registry, change, place), change.kind === 'registry.opened');
}

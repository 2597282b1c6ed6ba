/** Officials: people whose two signatures make an act. Known by the thumbprints of their certificates alone. */
import { ActRefused, listOf, objectOf, oneOf, sha256Of, textOf, type Body } from './members.js';
import { partyOf, shortName } from './party-changes.js';
import {
  officialRoles,
  type OfficialRole,
  type OfficialRow,
  type Place,
  type Registry,
  type RegistryRows,
} from './registry.js';

/** Roles whose holders may sign acts of the operator; judges decide cases, they do not run the registry. */
const actingRoles: readonly OfficialRole[] = ['operator', 'regulator'];

/** The kind of party an official of this role acts for. */
const partyKindOf: Readonly<Record<OfficialRole, string | undefined>> = {
  operator: undefined,
  regulator: 'regulator',
  judge: 'court',
};

/** `{official: {officialId, name, role, clientId?, certSha256: […]}}`: admits, or admits again with other certificates. */
export function officialRows(registry: Registry, body: Body, { index }: Place): RegistryRows {
  const official = objectOf(objectOf(body, 'the act', ['official'])['official'], 'official', [
    ...['officialId', 'name', 'role', 'clientId?', 'certSha256'],
  ]);
  const officialId = textOf(official['officialId'], 'officialId', shortName);
  const role = oneOf(official['role'], 'role', officialRoles);
  const party = official['clientId'] === undefined ? undefined : partyOf(registry, official['clientId']);
  if (party?.kind !== partyKindOf[role])
    throw new ActRefused(`a ${role} acts for ${partyKindOf[role] ?? 'no party'}`);
  const certSha256 = listOf(official['certSha256'], 'certSha256', (thumb) => sha256Of(thumb, 'certSha256'));
  if (certSha256.length === 0) throw new ActRefused('an official has a certificate');
  // One certificate for two officials would let one person sign as both.
  const others = [...registry.officials.values()].filter((other) => other.officialId !== officialId);
  if (others.some((other) => other.certSha256.some((thumb) => certSha256.includes(thumb))))
    throw new ActRefused('another official has this certificate');
  const row: OfficialRow = {
    officialId,
    // An official's name stands in a public entry; no number may slip in with it.
    name: textOf(official['name'], 'name', /^\p{L}[\p{L} .'’-]{1,98}$/u),
    role,
    ...(party !== undefined && { clientId: party.clientId }),
    certSha256,
    state: 'admitted',
    entryIndex: index,
  };
  return { officials: [row] };
}

/** `{officialId}`. Refused when fewer than two would be left, because then no act could ever follow. */
export function suspendedOfficialRows(registry: Registry, body: Body, { index }: Place): RegistryRows {
  const officialId = String(objectOf(body, 'the act', ['officialId'])['officialId']);
  const official = registry.officials.get(officialId);
  if (official?.state !== 'admitted') throw new ActRefused('no official of this name is admitted');
  const left = actingOfficials(registry).filter((other) => other.officialId !== officialId);
  if (registry.isOpen && left.length < 2) throw new ActRefused('two officials must remain');
  return { officials: [{ ...official, state: 'suspended', entryIndex: index }] };
}

/** Who may sign acts now. */
export function actingOfficials(registry: Registry): readonly OfficialRow[] {
  return [...registry.officials.values()].filter(
    ({ state, role }) => state === 'admitted' && actingRoles.includes(role),
  );
}

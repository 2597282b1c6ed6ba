/** Parties: who is admitted with which keys, and what never changes about them once entries name them. */
import { parseBin } from '#libs/subject/bin.js';
import { formerScopes, scopeCounts, type PartyKind } from '#libs/party/party.js';
import {
  ActRefused,
  instantOf,
  listOf,
  objectOf,
  oneOf,
  publicJwkOf,
  sha256Of,
  textOf,
  type Body,
} from './members.js';
import {
  partyKeyName,
  type PartyKeyRow,
  type PartyRow,
  type Place,
  type Registry,
  type RegistryRows,
} from './registry.js';

const kinds: readonly PartyKind[] = ['channel', 'bank', 'mfo', 'bureau', 'regulator', 'court'];

/** A name in entries, tokens and file names. */
export const shortName = /^[a-z][a-z0-9-]{1,62}[a-z0-9]$/;

/** `{party: {clientId, kind, bin, names, scopes, resource, keys}}`: admits, or admits again with other particulars. */
export function partyRows(registry: Registry, body: Body, { at, index }: Place): RegistryRows {
  const party = objectOf(objectOf(body, 'the act', ['party'])['party'], 'party', [
    ...['clientId', 'kind', 'bin', 'names', 'scopes', 'resource', 'keys'],
  ]);
  const clientId = textOf(party['clientId'], 'clientId', shortName);
  const kind = oneOf(party['kind'], 'kind', kinds);
  const before = registry.parties.get(clientId);
  const row: PartyRow = {
    clientId,
    kind,
    bin: binOf(party['bin']),
    names: namesOf(party['names']),
    scopes: listOf(party['scopes'], 'scopes', (scope) => scopeOf(scope, kind)),
    resource: textOf(party['resource'], 'resource', /^https?:\/\/[^/?#\s]+$/),
    state: 'admitted',
    admittedAt: before?.admittedAt ?? at,
    entryIndex: index,
  };
  if (before !== undefined && (before.kind !== row.kind || before.bin !== row.bin))
    throw new ActRefused(
      `${clientId} was admitted as another kind or with another BIN; take another client id`,
    );
  const keys = listOf(party['keys'], 'keys', (key) => keyOf(registry, clientId, key, index));
  const hasKey = [...registry.partyKeys.values()].some(
    (key) => key.clientId === clientId && key.use === 'sig',
  );
  if (!hasKey && !keys.some((key) => key.use === 'sig'))
    throw new ActRefused(`${clientId} has no key to sign with`);
  return { parties: [row], partyKeys: keys };
}

/** `{clientId}`: nothing it sends is acted upon from the next batch on. */
export function suspendedPartyRows(registry: Registry, body: Body, { index }: Place): RegistryRows {
  const party = partyOf(registry, objectOf(body, 'the act', ['clientId'])['clientId']);
  if (party.state === 'suspended') throw new ActRefused(`${party.clientId} is suspended already`);
  return { parties: [{ ...party, state: 'suspended', entryIndex: index }] };
}

/** `{clientId, added: {kid, use, jwk, …}}` or `{clientId, retired: kid}`; overlapping keys all count. */
export function keyChangedRows(registry: Registry, body: Body, { at, index }: Place): RegistryRows {
  const { clientId: named, added, retired } = objectOf(body, 'the act', ['clientId', 'added?', 'retired?']);
  const { clientId } = partyOf(registry, named);
  if ((added === undefined) === (retired === undefined))
    throw new ActRefused('an act about keys adds one or retires one');
  if (added !== undefined) return { partyKeys: [keyOf(registry, clientId, added, index)] };
  const key = registry.partyKeys.get(partyKeyName({ clientId, kid: String(retired) }));
  if (key === undefined) throw new ActRefused(`${clientId} has no such key`);
  if (key.retiredAt !== undefined) throw new ActRefused('the key is retired already');
  return { partyKeys: [{ ...key, retiredAt: at, entryIndex: index }] };
}

/** The party that was admitted under this client id, suspended or not. */
export function partyOf(registry: Registry, clientId: unknown): PartyRow {
  const party = registry.parties.get(String(clientId));
  if (party === undefined) throw new ActRefused('no party has this client id');
  return party;
}

function keyOf(registry: Registry, clientId: string, value: unknown, index: number): PartyKeyRow {
  const key = objectOf(value, 'key', ['kid', 'use', 'jwk', 'certSha256?', 'notBefore', 'expiresAt?']);
  const kid = sha256Of(key['kid'], 'kid');
  const use = oneOf(key['use'], 'use', ['sig', 'enc']);
  const jwk = publicJwkOf(key['jwk'], 'jwk');
  const notBefore = instantOf(key['notBefore'], 'notBefore');
  const expiresAt = key['expiresAt'] === undefined ? undefined : instantOf(key['expiresAt'], 'expiresAt');
  // What is sealed for a party is sealed by ECDH-ES.
  if (use === 'enc' && jwk['kty'] !== 'EC') throw new ActRefused('a key with use enc is EC P-256');
  if (expiresAt !== undefined && expiresAt <= notBefore)
    throw new ActRefused('the key expires before it counts');
  // Two owners of one key could each say it was the other.
  if ([...registry.partyKeys.values()].some((other) => other.kid === kid))
    throw new ActRefused('a party has this key already');
  const certSha256 = key['certSha256'] === undefined ? undefined : sha256Of(key['certSha256'], 'certSha256');
  const others = [...registry.partyKeys.values()].filter((other) => other.clientId !== clientId);
  if (certSha256 !== undefined && others.some((other) => other.certSha256 === certSha256))
    throw new ActRefused('another party has this certificate: each needs one of its own');
  return {
    clientId,
    kid,
    use,
    jwk,
    ...(certSha256 !== undefined && { certSha256 }),
    notBefore,
    ...(expiresAt !== undefined && { expiresAt }),
    entryIndex: index,
  };
}

function binOf(value: unknown): string {
  try {
    return parseBin(value);
  } catch (cause) {
    throw new ActRefused('bin is not a BIN: its control digit or its fifth digit is wrong', { cause });
  }
}

function namesOf(value: unknown): PartyRow['names'] {
  const names = objectOf(value, 'names', ['kk', 'ru', 'en']);
  return { kk: textOf(names['kk'], 'kk'), ru: textOf(names['ru'], 'ru'), en: textOf(names['en'], 'en') };
}

function scopeOf(value: unknown, kind: PartyKind): string {
  if (typeof value !== 'string' || !(scopeCounts(kind, value) || formerScopes.includes(value)))
    throw new ActRefused(`a scope that counts for no ${kind}`);
  return value;
}

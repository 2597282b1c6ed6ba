/** The opening of the registry, the law it goes by, and the keys it signs with. */
import { AssertionError } from 'node:assert/strict';
import { mayBeUnsaid, ruleNames } from '#libs/regime/rule-values.js';
import { ruleFromJson } from '#libs/regime/rule-json.js';
import type { RegimeRow } from '#libs/regime/regime.js';
import { purposePattern, readableKindsOf } from './purposes.js';
import {
  ActRefused,
  instantOf,
  listOf,
  objectOf,
  publicJwkOf,
  sha256Of,
  textOf,
  type Body,
} from './members.js';
import { actingOfficials } from './official-changes.js';
import { partyOf } from './party-changes.js';
import type { Place, Registry, RegistryRows, SigningKeyRow } from './registry.js';

/** `{origin, regime: […]}`: once, with a row for every rule but those that came later, and with two officials to go on. */
export function openedRows(registry: Registry, body: Body, { index, origin }: Place): RegistryRows {
  const opened = objectOf(body, 'the act', ['origin', 'regime']);
  if (registry.isOpen) throw new ActRefused('the registry is open already');
  if (opened['origin'] !== origin) throw new ActRefused('the act names another log');
  if (actingOfficials(registry).length < 2) throw new ActRefused('admit two officials before opening');
  const regime = listOf(opened['regime'], 'regime', (rule) => ruleRow(registry, rule, index));
  const unsaid = ruleNames.filter((name) => !mayBeUnsaid(name) && !regime.some((row) => row.name === name));
  if (unsaid.length > 0) throw new ActRefused(`the regime says nothing of ${unsaid.join(', ')}`);
  return { regime };
}

/** `{rule: {…}}` */
export function ruleRows(registry: Registry, body: Body, { index }: Place): RegistryRows {
  // The law a registry begins with is part of its opening.
  if (!registry.isOpen) throw new ActRefused('open the registry first');
  return { regime: [ruleRow(registry, objectOf(body, 'the act', ['rule'])['rule'], index)] };
}

/** `{kid, jwk, purpose, kinds, notBefore, expiresAt, fromSize}`; it signs from its own entry on. */
export function publishedRows(registry: Registry, body: Body, { index }: Place): RegistryRows {
  const key = objectOf(body, 'the act', [
    ...['kid', 'jwk', 'purpose', 'kinds', 'notBefore', 'expiresAt', 'fromSize'],
  ]);
  const kid = sha256Of(key['kid'], 'kid');
  const purpose = textOf(key['purpose'], 'purpose', purposePattern);
  const kinds = listOf(key['kinds'], 'kinds', String);
  const [notBefore, expiresAt] = [
    instantOf(key['notBefore'], 'notBefore'),
    instantOf(key['expiresAt'], 'expiresAt'),
  ];
  if (registry.signingKeys.has(kid)) throw new ActRefused('the key is published already');
  // A key that was published before a kind came up vouches for fewer.
  const known = readableKindsOf(purpose);
  if (kinds.some((kind) => !known.includes(kind)) || (known.length > 0 && kinds.length === 0))
    throw new ActRefused(`the kinds are not those of ${purpose}`);
  if (expiresAt <= notBefore) throw new ActRefused('the key expires before it counts');
  if (key['fromSize'] !== index) throw new ActRefused('a key signs from its own entry on');
  const jwk = purpose === 'log' ? publicJwkOf(key['jwk'], 'jwk', 'ed25519') : publicJwkOf(key['jwk'], 'jwk');
  const row = { kid, purpose, kinds, jwk, fromSize: index, notBefore, expiresAt, entryIndex: index };
  return { signingKeys: [row] };
}

/** `{kid}`: signs no more; what it signed stands. */
export function retiredRows(registry: Registry, body: Body, { at, index }: Place): RegistryRows {
  const key = signingKeyOf(registry, objectOf(body, 'the act', ['kid'])['kid']);
  if (key.retiredAt !== undefined) throw new ActRefused('the key is retired already');
  return { signingKeys: [{ ...key, retiredAt: at, entryIndex: index }] };
}

/** `{kid, since?}`: from then on only what is logged and witnessed counts of what it signed. */
export function compromisedRows(registry: Registry, body: Body, { at, index }: Place): RegistryRows {
  const act = objectOf(body, 'the act', ['kid', 'since?']);
  const key = signingKeyOf(registry, act['kid']);
  const since = act['since'] === undefined ? at : instantOf(act['since'], 'since');
  if (since > at) throw new ActRefused('since lies in the future');
  if (key.revokedAt !== undefined && key.revokedAt <= since)
    throw new ActRefused('the key is revoked already');
  return { signingKeys: [{ ...key, revokedAt: since, entryIndex: index }] };
}

function signingKeyOf(registry: Registry, kid: unknown): SigningKeyRow {
  const key = registry.signingKeys.get(String(kid));
  if (key === undefined) throw new ActRefused('no such key is published');
  return key;
}

function ruleRow(registry: Registry, value: unknown, index: number): RegimeRow {
  try {
    const rule = ruleFromJson(value);
    if (rule.subjectOfRule !== '') partyOf(registry, rule.subjectOfRule);
    return { ...rule, entryIndex: index };
  } catch (error) {
    if (error instanceof AssertionError) throw new ActRefused(error.message, { cause: error });
    throw error;
  }
}

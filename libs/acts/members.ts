/** Reads the members of an act strictly: what is missing, wrong or unknown is refused in words, never passed over. */
import { createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import { readBase64url } from '#libs/journal/base64url.js';
import { readInstant, type Instant } from '#libs/journal/instant.js';
import type { PublicJwk } from './registry.js';

/** Why an act cannot be applied, for the person at the terminal. */
export class ActRefused extends Error {}

export type Body = Readonly<Record<string, unknown>>;

/** An object with exactly these members; names ending in `?` may be absent. */
export function objectOf(value: unknown, what: string, members: readonly string[]): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ActRefused(`${what} is not an object`);
  const known = members.map((member) => member.replace('?', ''));
  const unknown = Object.keys(value).filter((member) => !known.includes(member));
  if (unknown.length > 0) throw new ActRefused(`${what} has no member ${unknown.join(', ')}`);
  const missing = members.filter((member) => !member.endsWith('?') && !Object.hasOwn(value, member));
  if (missing.length > 0) throw new ActRefused(`${what} lacks ${missing.join(', ')}`);
  return value as Body;
}

export function textOf(value: unknown, what: string, pattern = /^\S(.{0,198}\S)?$/u): string {
  if (typeof value !== 'string' || !pattern.test(value))
    throw new ActRefused(`${what} is not as it should be`);
  return value;
}

export function oneOf<T extends string>(value: unknown, what: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === value);
  if (choice === undefined) throw new ActRefused(`${what} is one of ${choices.join(', ')}`);
  return choice;
}

export function listOf<T>(value: unknown, what: string, read: (item: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new ActRefused(`${what} is not a list`);
  const list = value.map(read);
  if (new Set(list.map((item) => JSON.stringify(item))).size !== list.length)
    throw new ActRefused(`${what} names something twice`);
  return list;
}

export function instantOf(value: unknown, what: string): Instant {
  const at = readInstant(value);
  if (at === undefined) throw new ActRefused(`${what} is not an instant with milliseconds and Z`);
  return at;
}

/** SHA-256 in base64url: 32 bytes, one spelling. */
export function sha256Of(value: unknown, what: string): string {
  if (readBase64url(value, 32) === undefined) throw new ActRefused(`${what} is not 32 bytes in base64url`);
  return value as string;
}

const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'];

/** A public JWK: EC P-256, RSA of 2048 bits and more, or, where allowed, Ed25519. */
export function publicJwkOf(value: unknown, what: string, ...also: 'ed25519'[]): PublicJwk {
  const jwk = objectOf(
    value,
    what,
    publicMembers.map((member) => `${member}?`),
  );
  if (Object.values(jwk).some((member) => typeof member !== 'string'))
    throw new ActRefused(`${what} has a member that is no text`);
  let key;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' } as JsonWebKeyInput);
  } catch (cause) {
    throw new ActRefused(`${what} is not a public key`, { cause });
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isFit =
    (type === 'ec' && details?.namedCurve === 'prime256v1') ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048) ||
    (type === 'ed25519' && also.includes('ed25519'));
  if (!isFit) throw new ActRefused(`${what} is neither EC P-256 nor RSA of 2048 bits or more`);
  return jwk as PublicJwk;
}

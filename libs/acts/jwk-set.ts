/**
 * The keys of the registry as outsiders read them: a JWK set (RFC 7517) whose members also say what a key may vouch
 * for and when, and the log's own key as a vkey (C2SP signed-note).
 */
import { createPublicKey } from 'node:crypto';
import { makeVkey } from '#libs/tlog/note.js';
import type { Registry, SigningKeyRow } from './registry.js';

/** Instants in whole seconds, as everywhere in JOSE. */
export interface PublishedKey {
  readonly kid: string;
  readonly use: 'sig';
  readonly purpose: string;
  readonly kinds: readonly string[];
  /** The entry at this index published it: `/openings/<fromSize>` says so, too. */
  readonly fromSize: number;
  readonly nbf: number;
  readonly exp: number;
  readonly revokedAt?: number;
  readonly [member: string]: unknown;
}

/** Every key in the order given, revoked and expired ones too: a verifier must know them to refuse them. */
export function jwkSet(rows: readonly SigningKeyRow[]): { readonly keys: readonly PublishedKey[] } {
  return {
    keys: rows.map(({ jwk, kid, purpose, kinds, fromSize, notBefore, expiresAt, revokedAt }) => ({
      ...publicMembers(jwk),
      kid,
      use: 'sig',
      purpose,
      kinds,
      fromSize,
      nbf: seconds(notBefore),
      exp: seconds(expiresAt),
      ...(revokedAt !== undefined && { revokedAt: seconds(revokedAt) }),
    })),
  };
}

/** The vkey lines of the log's keys that still sign; the database's grant keeps private halves out, this does again. */
export function vkeyLines(rows: readonly SigningKeyRow[], origin: string): readonly string[] {
  return rows
    .filter(
      ({ purpose, retiredAt, revokedAt }) => purpose === 'log' && (retiredAt ?? revokedAt) === undefined,
    )
    .map(({ jwk }) => makeVkey(origin, createPublicKey({ key: publicMembers(jwk), format: 'jwk' })));
}

/** Every key, newest first: what an old key signed is still to be verified. */
export function keysNewestFirst({ signingKeys }: Pick<Registry, 'signingKeys'>): readonly SigningKeyRow[] {
  return [...signingKeys.values()].toSorted(
    (a, b) => b.entryIndex - a.entryIndex || (a.kid < b.kid ? -1 : 1),
  );
}

const publicNames: ReadonlySet<string> = new Set(['kty', 'crv', 'x', 'y', 'n', 'e', 'alg']);

function publicMembers(jwk: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => publicNames.has(name)));
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

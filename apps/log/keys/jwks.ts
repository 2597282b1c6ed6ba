/**
 * The keys of the registry as outsiders read them: a JWK set (RFC 7517) whose members also say what a key may vouch
 * for and when, and the log's own key as a vkey (C2SP signed-note).
 */
import { createPublicKey } from 'node:crypto';
import { makeVkey } from '#libs/tlog/note.js';

/** A row of `signing_keys`; instants in milliseconds of registry time. */
export interface SigningKeyRow {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  /** `head/lender`, `log`, `access` … */
  readonly purpose: string;
  /** Kinds of entry a head key may vouch for. */
  readonly kinds: readonly string[];
  /** Public half. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** Index of the entry that published it. */
  readonly fromSize: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly retiredAt: number | null;
  readonly revokedAt: number | null;
}

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
      ...(revokedAt !== null && { revokedAt: seconds(revokedAt) }),
    })),
  };
}

/** The vkey lines of the log's keys that still sign; the database's grant keeps private halves out, this does again. */
export function vkeyLines(rows: readonly SigningKeyRow[], origin: string): readonly string[] {
  return rows
    .filter(({ purpose, retiredAt, revokedAt }) => purpose === 'log' && (retiredAt ?? revokedAt) === null)
    .map(({ jwk }) => makeVkey(origin, createPublicKey({ key: publicMembers(jwk), format: 'jwk' })));
}

const publicNames: ReadonlySet<string> = new Set(['kty', 'crv', 'x', 'y', 'n', 'e', 'alg']);

function publicMembers(jwk: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => publicNames.has(name)));
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

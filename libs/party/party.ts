/**
 * Party: an organisation the registry knows by its BIN and its keys. A scope counts only with the kind of party that
 * may hold it, and a key only while it is neither expired nor retired; everything else about a caller follows from
 * these two rules.
 */

export type PartyKind = 'channel' | 'bank' | 'mfo' | 'bureau' | 'regulator' | 'court';

export interface PartyKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  /** Public JWK (EC P-256 or RSA). */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** base64url `x5t#S256` of the certificate pinned for mutual TLS; null: this key has none. */
  readonly certSha256: string | null;
  /** Registry time, ms since the epoch, as the three below. */
  readonly notBefore: number;
  readonly expiresAt: number | null;
  readonly retiredAt: number | null;
}

export interface Party {
  readonly clientId: string;
  readonly kind: PartyKind;
  readonly bin: string;
  readonly names: { readonly kk: string; readonly ru: string; readonly en: string };
  /** Scopes its tokens may carry. */
  readonly scopes: readonly string[];
  /** The one audience it may ask tokens for: the public base URL of an app. */
  readonly resource: string;
  readonly state: 'admitted' | 'suspended';
  readonly admittedAt: number;
  readonly keys: readonly PartyKey[];
  /** Machine time, ms: tokens issued until then ended with a key or with a suspension. */
  readonly tokensEndedAt?: number;
}

/**
 * The client id of the clerk's watchdog, a bank that asks whether checks are answered and lends nothing. It is left out of
 * public figures and of what lenders are compared with.
 */
export const watchdogId = 'watchdog';

/** Which kinds of party a scope means anything for; a scope granted to another kind is dead letter. */
const kindsOfScope: ReadonlyMap<string, readonly PartyKind[]> = new Map<string, readonly PartyKind[]>([
  ['citizen', ['channel']],
  ['checks', ['bank', 'mfo']],
  ['loans', ['bank', 'mfo', 'bureau']],
  ['feed', ['bureau']],
  ['stamps', ['bureau']],
]);

/** Scopes that entries of earlier releases grant and that open nothing: read, and granted no more. */
export const formerScopes: readonly string[] = ['oversight', 'court'];

/** Every scope there is, in the order of the contract. */
export const partyScopes: readonly string[] = [...kindsOfScope.keys()];

/** Whether a scope counts for this kind of party; unknown scopes count for none. */
export function scopeCounts(kind: PartyKind, scope: string): boolean {
  return kindsOfScope.get(scope)?.includes(kind) ?? false;
}

/** The scopes of the party that count with its kind. */
export function scopesOf(party: Party): string[] {
  return party.scopes.filter((scope) => scopeCounts(party.kind, scope));
}

/** Whether a key counts at `at` (registry time, ms): from `notBefore` until it expires or was retired. */
export function isLive(key: PartyKey, at: number): boolean {
  const end = Math.min(key.expiresAt ?? Infinity, key.retiredAt ?? Infinity);
  return key.notBefore <= at && at < end;
}

/** The keys that may sign for the party at `at`; during a rotation the old and the new one. */
export function signingKeys(party: Party, at: number): PartyKey[] {
  return party.keys.filter((key) => key.use === 'sig' && isLive(key, at));
}

/** Whether the certificate with this thumbprint is pinned for the party at `at`. */
export function pinsCertificate(party: Party, certSha256: string, at: number): boolean {
  return party.keys.some((key) => key.certSha256 === certSha256 && isLive(key, at));
}

/**
 * Access tokens of machines (RFC 9068 `at+jwt`): the issuer's signature, our own audience, times, client and scope.
 * What was verified once is remembered until it expires or until the rules change, because an uncached ES256 token
 * costs more than everything else on the hot path. Who holds the token is not asked here: see dpop.ts and mtls.ts.
 */
import { hash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { mustHold, refusedBy } from './refused.js';

/** What a verified token says. At least one of the two confirmations is there. */
export interface AccessToken {
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
  /** `cnf.x5t#S256` (RFC 8705). */
  readonly certSha256: string | undefined;
  /** `cnf.jkt` (RFC 9449). */
  readonly jkt: string | undefined;
  /** Machine time, seconds, as the next. */
  readonly issuedAtS: number;
  readonly expiresAtS: number;
}

export interface TokenVerifier {
  /**
   * @param nowMs machine time
   * @throws {AccessRefused} when the token does not hold
   * @throws {Problem} `registry-unavailable` when the issuer's keys cannot be had
   */
  verify(token: string, nowMs: number): Promise<AccessToken>;
  /** Forgets everything verified so far; to be called when `rules_version` changed. */
  clear(): void;
}

export interface TokenVerifierOptions {
  readonly issuer: string;
  /** Our own resource: the app's public base URL without a final slash. */
  readonly audience: string;
  /** Finds the issuer's key; its own Problems pass through. */
  readonly keys: JWTVerifyGetKey;
  /** How many verified tokens are remembered. */
  readonly cacheSize?: number;
}

const algorithms = ['ES256', 'PS256'];
const maxTokenLength = 4096;
const maxLifetimeS = 300;
const clockToleranceS = 5;

export function tokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const verified = new LRUCache<string, AccessToken>({ max: options.cacheSize ?? 10_000 });

  async function verify(token: string, nowMs: number): Promise<AccessToken> {
    mustHold(token.length <= maxTokenLength, 'invalid_token', 'token too long');
    const name = hash('sha256', token, 'base64url');
    const known = verified.get(name);
    if (known !== undefined) {
      mustHold(nowMs < known.expiresAtS * 1000, 'invalid_token', 'token expired');
      return known;
    }
    const fresh = readClaims(await verifiedPayload(token, options, nowMs));
    verified.set(name, fresh);
    return fresh;
  }

  return { verify, clear: () => verified.clear() };
}

async function verifiedPayload(
  token: string,
  options: TokenVerifierOptions,
  nowMs: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, options.keys, {
      algorithms,
      typ: 'at+jwt',
      issuer: options.issuer,
      audience: options.audience,
      requiredClaims: ['exp', 'iat', 'client_id', 'cnf'],
      clockTolerance: clockToleranceS,
      currentDate: new Date(nowMs),
    });
    mustHold(
      typeof payload.iat === 'number' && payload.iat <= nowMs / 1000 + clockToleranceS,
      'invalid_token',
      'iat ahead',
    );
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refusedBy('invalid_token', error);
    throw error;
  }
}

function readClaims(payload: JWTPayload): AccessToken {
  const { aud, exp, iat, client_id: clientId, scope, cnf } = payload;
  // One audience and no more: a token good for two apps could be carried from one to the other.
  mustHold(typeof aud === 'string', 'invalid_token', 'more than one audience');
  mustHold(typeof clientId === 'string' && clientId !== '', 'invalid_token', 'no client_id');
  mustHold(scope === undefined || typeof scope === 'string', 'invalid_token', 'scope is no text');
  mustHold(
    exp !== undefined && iat !== undefined && exp - iat <= maxLifetimeS,
    'invalid_token',
    'long-lived',
  );
  const { certSha256, jkt } = readConfirmation(cnf);
  mustHold(certSha256 !== undefined || jkt !== undefined, 'invalid_token', 'not sender-constrained');
  return { clientId, scopes: new Set(scope?.split(' ')), certSha256, jkt, issuedAtS: iat, expiresAtS: exp };
}

function readConfirmation(cnf: unknown): { certSha256: string | undefined; jkt: string | undefined } {
  mustHold(typeof cnf === 'object' && cnf !== null, 'invalid_token', 'cnf is no object');
  const { 'x5t#S256': certSha256, jkt, ...unknown } = cnf as Record<string, unknown>;
  mustHold(Object.keys(unknown).length === 0, 'invalid_token', 'a confirmation we cannot check');
  mustHold(isThumbprint(certSha256) && isThumbprint(jkt), 'invalid_token', 'cnf malformed');
  return { certSha256, jkt };
}

function isThumbprint(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^[\w-]{43}$/.test(value));
}

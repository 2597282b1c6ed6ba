/**
 * The authorization server as configured: FAPI 2.0 security profile, client credentials alone, `private_key_jwt`,
 * `at+jwt` tokens of 300 s for one resource, never a bearer token. What a machine client does not need is off.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { errors, Provider, type Client, type Configuration } from 'oidc-provider';
import { partyScopes } from '#libs/party/party.js';
import { certificateOf, listenerOf, type Listeners } from '#libs/platform/access/mtls.js';
import { readSecretFile } from '#libs/platform/config.js';
import { adapterOf, type AdapterSettings } from './clients/adapter.service.js';
import { ownMembers } from './clients/client-metadata.js';

const tokenLifeS = 300;
/** Longer ones would have to be remembered longer, too. docs/lender/README.md says it to the banks. */
const maxAssertionLifeS = 300;
/** FAPI 2.0 §5.3.2.1: clocks of clients up to 10 s ahead are to be taken, beyond 60 s refused. */
const clockToleranceS = 15;
/** As the resource servers have it, so that a proof which gets a token also gets an answer. */
const proofWindowS = 30;
const maxJtiLength = 256;
export const clientAlgorithms = ['ES256', 'PS256'] as const;

export interface ServerSettings extends AdapterSettings {
  readonly issuer: string;
  /** Private EC P-256 JWKs, the newest first: it signs, all are published. */
  readonly keys: readonly SigningJwk[];
}

export interface SigningJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly d: string;
  readonly kid: string;
}

/** `access.jwks.json` of a keys directory. */
export function readAccessKeys(dir: string): SigningJwk[] {
  const { keys } = JSON.parse(readSecretFile(join(dir, 'access.jwks.json'))) as { keys: SigningJwk[] };
  assert(keys.length > 0 && keys.every(({ crv, d, kid }) => crv === 'P-256' && d && kid), 'access.jwks.json');
  return keys;
}

/** The server, not yet mounted anywhere. */
export function authorizationServer(settings: ServerSettings): Provider {
  const provider = new Provider(settings.issuer, {
    adapter: (model) => adapterOf(model, settings),
    jwks: { keys: settings.keys.map((key) => ({ ...key, alg: 'ES256', use: 'sig' })) },
    scopes: [...partyScopes],
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: {
      clientAuthSigningAlgValues: [...clientAlgorithms],
      dPoPSigningAlgValues: [...clientAlgorithms],
      idTokenSigningAlgValues: ['ES256'],
    },
    clockTolerance: clockToleranceS,
    ttl: { ClientCredentials: tokenLifeS },
    extraClientMetadata: { properties: [...ownMembers] },
    assertJwtClientAuthClaimsAndHeader: assertionCheck(settings.clock),
    renderError: (context, out) => {
      context.type = 'json';
      context.body = out;
    },
    features: featuresFor(settings.listeners),
    // Required by the library; no session, no cookie and no grant of a person is ever made.
    cookies: { keys: [randomBytes(32).toString('base64url')] },
  });
  // The public base URL of the listener is put there by us, whatever the caller sent: see `forward`.
  provider.proxy = true;
  return provider;
}

function featuresFor(listeners: Listeners): Configuration['features'] {
  return {
    clientCredentials: { enabled: true },
    fapi: { enabled: true, profile: '2.0' },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: ({ req }) =>
        certificateOf(listenerOf(req.socket, listeners), req.socket, req.headers['client-cert'])?.toString(
          'base64',
        ),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => {
        throw new errors.InvalidTarget('name the app the token is for as resource');
      },
      getResourceServerInfo: (_context, resource, client) => {
        if (client === undefined || resource !== resourceOf(client)) throw new errors.InvalidTarget();
        return {
          audience: resource,
          scope: client.scope ?? '',
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenLifeS,
          jwt: { sign: { alg: 'ES256' } },
        };
      },
    },
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
  };
}

type CheckAssertion = NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;

/**
 * FAPI 2.0 §5.3.2.1: the audience of an assertion is the issuer, as one string. It runs once the client is known, so
 * this is also where a scope the party does not have is refused, and a request that names none gets all it has.
 */
function assertionCheck(clock: () => number): CheckAssertion {
  return (context, { aud, exp, iat, jti }, _header, client) => {
    const nowS = clock() / 1000;
    if (aud !== context.oidc.issuer) throw new errors.InvalidClientAuth('the audience must be the issuer');
    if (typeof exp !== 'number' || exp > nowS + maxAssertionLifeS + clockToleranceS)
      throw new errors.InvalidClientAuth('the assertion lives too long');
    // The library looks at it only where there is no `exp`.
    if (iat !== undefined && (typeof iat !== 'number' || iat > nowS + clockToleranceS))
      throw new errors.InvalidClientAuth('the assertion is of the future');
    if (typeof jti !== 'string' || jti.length > maxJtiLength)
      throw new errors.InvalidClientAuth('the jti is too long');
    mustBeOfNow(context, nowS);
    const { params } = context.oidc;
    assert(params !== undefined);
    // RFC 6749 §3.2. Where the library takes one twice (`resource`), there is one answer to give all the same.
    if (Object.values(params).some(Array.isArray))
      throw new errors.InvalidRequest('a parameter must not come twice');
    params['scope'] = scopeFor(client, params['scope']);
  };
}

/**
 * With a nonce of ours in it the library takes a proof of any time. What this reads is not verified yet; the library
 * does that afterwards, with the same bytes.
 * @throws {errors.InvalidDpopProof}
 */
function mustBeOfNow(context: Parameters<CheckAssertion>[0], nowS: number): void {
  const proof = context.get('DPoP');
  if (proof === '') return;
  const { iat } = claimsOf(proof);
  if (typeof iat !== 'number' || Math.abs(nowS - iat) > proofWindowS)
    throw new errors.InvalidDpopProof('DPoP proof iat is not recent enough');
}

function claimsOf(proof: string): { readonly iat?: unknown } {
  try {
    return decodeJwt(proof);
  } catch (cause) {
    throw new errors.InvalidDpopProof('invalid DPoP key binding', { cause });
  }
}

/** @throws {errors.InvalidScope} */
function scopeFor(client: Client, asked: unknown): string | undefined {
  const granted = client.scope === undefined || client.scope === '' ? [] : client.scope.split(' ');
  const scopes = typeof asked === 'string' ? asked.split(' ') : granted;
  const foreign = scopes.find((scope) => !granted.includes(scope));
  if (foreign !== undefined) throw new errors.InvalidScope('requested scope is not allowed', foreign);
  return scopes.length === 0 ? undefined : scopes.join(' ');
}

function resourceOf(client: Client): string {
  const { resource } = client;
  assert(typeof resource === 'string');
  return resource;
}

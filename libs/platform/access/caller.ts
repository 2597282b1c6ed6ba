/**
 * Who is calling: the party behind a verified, sender-constrained token, and the scopes that count for it. It joins
 * what the token says with what the rules say now, because a token outlives a suspension by up to five minutes.
 */
import { pinsCertificate, scopeCounts, type Party } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';
import { verifyProof, type ProofMemory } from './dpop.js';
import {
  listenerOf,
  presentedCertificate,
  type Connection,
  type HeaderValue,
  type Listener,
  type Listeners,
} from './mtls.js';
import { AccessRefused, mustHold } from './refused.js';
import type { AccessToken, TokenVerifier } from './token-verifier.js';

/** A request as far as authentication looks at it. */
export interface PresentedRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly url: string;
  readonly socket: Connection;
  readonly authorization: string | undefined;
  readonly dpop: HeaderValue;
  readonly clientCert: HeaderValue;
}

/** Becomes `request.party`. */
export interface Caller {
  readonly clientId: string;
  readonly party: Party;
  /** Scopes of the token that the party still has and that count with its kind. */
  readonly scopes: ReadonlySet<string>;
}

/** What the app's rules cache knows; the journal keeps it fresh. */
export interface PartyDirectory {
  partyOf(clientId: string): Party | undefined;
  /** Registry time, ms, by which the validity of a party's keys is judged. */
  registryNow(): number;
  /** Whether a key of the registry was compromised: nothing that it signed counts. */
  isCompromised(kid: string): boolean;
  /** Calls `listener` whenever `rules_version` has changed: what was verified under the old rules is forgotten. */
  onRulesChanged(listener: () => void): void;
}

export interface CallerChecks {
  readonly tokens: TokenVerifier;
  readonly proofs: ProofMemory;
  readonly listeners: Listeners;
  readonly directory: PartyDirectory;
}

/**
 * The checks in their order: credentials, token, possession, party.
 * @param nowMs machine time
 * @throws {AccessRefused} 401 · {Problem} `party-suspended`, `registry-unavailable`
 */
export async function authenticate(
  request: PresentedRequest,
  checks: CallerChecks,
  nowMs: number,
): Promise<Caller> {
  const { scheme, credentials } = readAuthorization(request.authorization);
  const token = await checks.tokens.verify(credentials, nowMs);
  const party = checks.directory.partyOf(token.clientId);
  mustHold(party !== undefined, 'invalid_token', 'no such party');
  const listener = listenerOf(request.socket, checks.listeners);
  // Which key asked for a token does not stand in it, so with any key all tokens of its time end; an added key ends none.
  mustHold(
    party.tokensEndedAt === undefined || token.issuedAtS * 1000 > party.tokensEndedAt,
    'invalid_token',
    'issued before a key or the party ended',
  );
  mustHold(
    (scheme === 'dpop') === (token.jkt !== undefined),
    'invalid_token',
    'scheme does not fit the token',
  );
  if (token.certSha256 !== undefined) checkCertificate(request, token.certSha256, listener, party, checks);
  if (token.jkt !== undefined) await checkProof(request, credentials, token.jkt, listener, checks, nowMs);
  if (party.state === 'suspended') throw new Problem('party-suspended');
  return { clientId: token.clientId, party, scopes: countingScopes(token, party) };
}

function readAuthorization(header: string | undefined): { scheme: 'dpop' | 'bearer'; credentials: string } {
  if (header === undefined) throw new AccessRefused();
  const match = /^(dpop|bearer) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header);
  const [, scheme, credentials] = match ?? [];
  mustHold(scheme !== undefined && credentials !== undefined, 'invalid_token', 'authorization malformed');
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', credentials };
}

/** RFC 8705 §3: the certificate of this connection is the token's, and the party still has it pinned. */
function checkCertificate(
  request: PresentedRequest,
  expected: string,
  listener: Listener,
  party: Party,
  { directory }: CallerChecks,
): void {
  const presented = presentedCertificate(listener, request.socket, request.clientCert);
  mustHold(presented === expected, 'invalid_token', 'another certificate, or none');
  mustHold(
    pinsCertificate(party, expected, directory.registryNow()),
    'invalid_token',
    'certificate no longer pinned',
  );
}

async function checkProof(
  request: PresentedRequest,
  accessToken: string,
  jkt: string,
  listener: Listener,
  { proofs }: CallerChecks,
  nowMs: number,
): Promise<void> {
  mustHold(typeof request.dpop === 'string', 'invalid_dpop_proof', 'not exactly one proof');
  // RFC 9112 §3.2.2: a client may name the host in the request line; it is called by our name all the same.
  const path = request.url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const proven = {
    proof: request.dpop,
    method: request.method,
    url: `${listener.publicBase}${path}`,
    accessToken,
    jkt,
  };
  await verifyProof(proven, proofs, nowMs);
}

function countingScopes(token: AccessToken, party: Party): ReadonlySet<string> {
  const counting = party.scopes.filter((scope) => token.scopes.has(scope) && scopeCounts(party.kind, scope));
  return new Set(counting);
}

/**
 * A party as OAuth client metadata (RFC 7591). Everything a client may do follows from the party's row: its live keys
 * sign assertions, its scopes that count with its kind can be asked for, and its tokens are always bound to a sender.
 */
import { scopesOf, signingKeys, type Party } from '#libs/party/party.js';

/** What the token of this one request is bound to. */
export type Binding = 'certificate' | 'dpop-key';

/** RFC 7591 members, as far as parties have them. */
export interface PartyMetadata {
  readonly client_id: string;
  readonly client_name: string;
  readonly grant_types: string[];
  readonly response_types: [];
  readonly redirect_uris: string[];
  readonly token_endpoint_auth_method: 'private_key_jwt';
  readonly id_token_signed_response_alg: 'ES256';
  readonly scope: string;
  readonly jwks: { readonly keys: Record<string, unknown>[] };
  readonly dpop_bound_access_tokens: boolean;
  readonly tls_client_certificate_bound_access_tokens: boolean;
  readonly resource: string;
}

/** Members of our own beside those of RFC 7591. */
export const ownMembers = ['resource'] as const;

/** @param at registry time, ms: keys that are expired or retired by then sign nothing */
export function clientMetadata(party: Party, at: number, binding: Binding): PartyMetadata {
  return {
    client_id: party.clientId,
    client_name: party.names.en,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    id_token_signed_response_alg: 'ES256',
    scope: scopesOf(party).join(' '),
    jwks: { keys: signingKeys(party, at).map(({ jwk, kid }) => ({ ...jwk, kid, use: 'sig' })) },
    dpop_bound_access_tokens: binding === 'dpop-key',
    tls_client_certificate_bound_access_tokens: binding === 'certificate',
    resource: party.resource,
  };
}

/**
 * RFC 8414 metadata, written by hand because the library's own describes a sign-in that is not offered here. Clients
 * with a certificate find the mutual-TLS address of the token endpoint under `mtls_endpoint_aliases` (RFC 8705 §5).
 */
import { Controller, Get, Inject } from '@nestjs/common';
import type { Listeners } from '#libs/platform/access/mtls.js';
import { Public } from '#libs/platform/access/access.guard.js';
import { partyScopes } from '#libs/party/party.js';
import { clientAlgorithms } from '../config.js';

/** Injection token of what the metadata is made from. */
export const SERVER_ADDRESS = Symbol('SERVER_ADDRESS');

export interface ServerAddress {
  readonly issuer: string;
  readonly listeners: Listeners;
}

@Public()
@Controller('.well-known')
export class ServerMetadataController {
  constructor(@Inject(SERVER_ADDRESS) private readonly address: ServerAddress) {}

  @Get(['oauth-authorization-server', 'openid-configuration'])
  show(): object {
    const { issuer, listeners } = this.address;
    const { tls } = listeners;
    return {
      issuer,
      token_endpoint: `${listeners.plain.publicBase}/token`,
      jwks_uri: `${listeners.plain.publicBase}/jwks`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: partyScopes,
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
      dpop_signing_alg_values_supported: clientAlgorithms,
      tls_client_certificate_bound_access_tokens: true,
      ...(tls && { mtls_endpoint_aliases: { token_endpoint: `${tls.publicBase}/token` } }),
    };
  }
}

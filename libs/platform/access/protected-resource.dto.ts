/** Metadata of a protected resource (RFC 9728), snake case because that standard says so. */
import { ApiProperty } from '@nestjs/swagger';

export class ProtectedResourceDto {
  @ApiProperty({ description: 'Audience to ask tokens for (RFC 8707).' })
  readonly resource: string;

  @ApiProperty({ type: [String] })
  readonly authorization_servers: readonly string[];

  @ApiProperty({ type: [String] })
  readonly scopes_supported: readonly string[];

  @ApiProperty({ type: [String] })
  readonly bearer_methods_supported: readonly string[];

  @ApiProperty({ description: 'Tokens bound to a client certificate are accepted (RFC 8705).' })
  readonly tls_client_certificate_bound_access_tokens: boolean;

  @ApiProperty({ type: [String] })
  readonly dpop_signing_alg_values_supported: readonly string[];
}

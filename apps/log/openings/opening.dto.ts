/** The wire shape of an opening. */
import { ApiProperty } from '@nestjs/swagger';

export class OpeningDto {
  @ApiProperty({ description: 'Place in the Journal, from 0.', type: 'integer', minimum: 0 })
  readonly index: number;

  @ApiProperty({ description: 'The exact text of the entry (RFC 8785).' })
  readonly entry: string;

  @ApiProperty({ description: 'Salt of the leaf, 32 bytes in base64url.', pattern: '^[A-Za-z0-9_-]{43}$' })
  readonly salt: string;
}

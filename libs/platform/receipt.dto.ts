/** The receipt on the wire. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class ReceiptDto {
  @ApiProperty({ description: 'The exact canonical text (RFC 8785) of the entry.' }) readonly entry: string;
  @ApiProperty({ description: '32 bytes, base64url.' }) readonly salt: string;
  @ApiPropertyOptional({ description: '32 bytes, base64url; absent when the entry is about nobody.' })
  readonly personSalt?: string;
  @ApiProperty({ type: 'integer' }) readonly index: number;
  @ApiProperty({
    description: "Inclusion proof: 32-byte hashes one after the other, the leaf's sibling first, base64url.",
  })
  readonly proof: string;
  @ApiProperty({ description: 'The signed head, a compact JWS with typ tyiym-head+jwt.' })
  readonly head: string;
}

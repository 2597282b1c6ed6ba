/** The wire shape of digests: 32 bytes in base64url each, one spelling. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, Matches, Max, Min } from 'class-validator';

const sha256 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const most = Number.MAX_SAFE_INTEGER;

export class DigestRequest {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'The last item you have applied.' })
  @IsInt()
  @Min(0)
  @Max(most)
  readonly atSeq: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Refusals in force as you count them.' })
  @IsInt()
  @Min(0)
  @Max(most)
  readonly inForce: number;

  @ApiProperty({
    type: [String],
    minItems: 256,
    maxItems: 256,
    description: 'XOR of the items of each bucket, 32 bytes in base64url; zero bytes when empty.',
  })
  @IsArray()
  @ArrayMinSize(256)
  @ArrayMaxSize(256)
  @Matches(sha256, { each: true })
  readonly buckets: readonly string[];
}

export class AgreementAnswer {
  @ApiPropertyOptional({ enum: [true] }) readonly agrees?: true;
  @ApiPropertyOptional({ type: [Number], description: 'Buckets that differ; none: the counts alone do.' })
  readonly differing?: readonly number[];
}

export class BucketRequest {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'As in the vector.' })
  @IsInt()
  @Min(0)
  @Max(most)
  readonly atSeq: number;

  @ApiProperty({ type: [String], maxItems: 100_000, description: 'Your items of this bucket.' })
  @IsArray()
  @ArrayMaxSize(100_000)
  @Matches(sha256, { each: true })
  readonly items: readonly string[];
}

export class MissingMember {
  @ApiProperty() readonly sub_id: string;
  @ApiProperty({ type: 'integer' }) readonly version: number;
}

export class DifferenceAnswer {
  @ApiProperty({
    type: [MissingMember],
    description: 'What you lack; these persons wait for your stamp again.',
  })
  readonly missing: readonly MissingMember[];

  @ApiProperty({ type: [String], description: 'Items of yours that the registry does not have.' })
  readonly extra: readonly string[];
}

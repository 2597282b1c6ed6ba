/** The wire shape of stamps. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsISO8601,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { MayBeAbsent } from '#libs/problem/members.dto.js';

/** RFC 3339 with its zone. */
const rfc3339 = /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export class StampDto {
  @ApiProperty({ description: '`<entryId>.<streamId>`, as the SET was named.' })
  @IsString()
  @MaxLength(128)
  readonly jti: string;

  @ApiProperty({ format: 'date-time', description: 'When the mark was durable on the credit history.' })
  @IsISO8601({ strict: true })
  @Matches(rfc3339)
  readonly recordedAt: string;

  @ApiPropertyOptional({ pattern: '^[!-~]{1,64}$', description: 'Your own number; must not hold the IIN.' })
  @MayBeAbsent()
  @Matches(/^[!-~]{1,64}$/)
  readonly historyRef?: string;
}

export class StampsRequest {
  @ApiProperty({ type: [StampDto], minItems: 1, maxItems: 1000 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @ArrayUnique((stamp: StampDto | null) => stamp?.jti)
  @ValidateNested({ each: true })
  @Type(() => StampDto)
  readonly items: readonly StampDto[];
}

export class StampProblem {
  @ApiProperty({ format: 'uri' }) readonly type: string;
  @ApiProperty() readonly title: string;
  @ApiProperty({ type: 'integer' }) readonly status: number;
  @ApiProperty() readonly detail: string;
  @ApiProperty({
    enum: ['set-unknown', 'set-not-yours', 'recorded-at-implausible', 'reference-holds-iin'],
  })
  readonly code: string;
}

export class StampResult {
  @ApiProperty() readonly jti: string;
  @ApiPropertyOptional({ enum: ['stamped'], description: 'It stands, said now or before.' })
  readonly state?: 'stamped';
  @ApiPropertyOptional({ type: StampProblem }) readonly problem?: StampProblem;
}

export class StampResults {
  @ApiProperty({ type: [StampResult], description: 'In the order of the request.' })
  readonly items: readonly StampResult[];
}

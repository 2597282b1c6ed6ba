/** The wire shape of the trail. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Matches, Max, Min } from 'class-validator';
import { MayBeAbsent } from '#libs/problem/members.dto.js';
import { EmptyIsBeginning } from '#libs/platform/page.dto.js';
import { PresentDto } from '../session/present.dto.js';

export class TrailRequest extends PresentDto {
  @ApiPropertyOptional({ description: 'Cursor from `next` of the page before.' })
  @EmptyIsBeginning()
  @MayBeAbsent()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/)
  readonly after?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 500, default: 50 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(500)
  readonly limit?: number;
}

export class NamesDto {
  @ApiProperty() readonly kk: string;
  @ApiProperty() readonly ru: string;
  @ApiProperty() readonly en: string;
}

export class TrailLenderDto {
  @ApiProperty({ pattern: '^\\d{12}$' }) readonly bin: string;
  @ApiPropertyOptional({ type: NamesDto }) readonly names?: NamesDto;
}

export class TrailItemDto {
  @ApiProperty({ pattern: '^ent_[0-7][0-9a-hjkmnp-tv-z]{25}$' }) readonly entryId: string;
  @ApiProperty({ description: 'Kind of entry: `refusal.placed`, `check.made`, `trail.read` …' })
  readonly kind: string;
  @ApiProperty({ format: 'date-time' }) readonly at: string;
  @ApiPropertyOptional({ type: 'integer' }) readonly version?: number;
  @ApiPropertyOptional() readonly applicationId?: string;
  @ApiPropertyOptional() readonly channel?: string;
  @ApiPropertyOptional() readonly identifiedBy?: string;
  @ApiPropertyOptional({ type: 'integer' }) readonly lockHours?: number;
  @ApiPropertyOptional({ type: 'integer' }) readonly placeAgainAfterHours?: number;
  @ApiPropertyOptional({ description: 'The entry that asked for it.' }) readonly requestedBy?: string;
  @ApiPropertyOptional() readonly reason?: string;
  @ApiPropertyOptional() readonly checkId?: string;
  @ApiPropertyOptional({ type: TrailLenderDto }) readonly lender?: TrailLenderDto;
  @ApiPropertyOptional({ type: TrailLenderDto }) readonly bureau?: TrailLenderDto;
  @ApiPropertyOptional({ description: 'The entry a stamp is about.' }) readonly about?: string;
  @ApiPropertyOptional({ format: 'date-time' }) readonly recordedAt?: string;
  @ApiPropertyOptional({ enum: ['bank-loan', 'microcredit'] }) readonly product?: string;
  @ApiPropertyOptional({ enum: ['decision', 'disbursement'] }) readonly stage?: string;
  @ApiPropertyOptional({ enum: ['clear', 'refused'] }) readonly verdict?: string;
  @ApiPropertyOptional({ description: 'Who read.' }) readonly by?: string;
  @ApiPropertyOptional({ description: 'What was read.' }) readonly what?: string;
}

export class TrailPageDto {
  @ApiProperty({ type: [TrailItemDto], description: 'Newest first.' })
  readonly items: readonly TrailItemDto[];
  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the next page, or null.' })
  readonly next: string | null;
}

/** The wire shape of corrections. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches, ValidateBy } from 'class-validator';
import { isId } from '#libs/journal/id.js';
import { IsInstantText, MayBeAbsent } from '#libs/problem/members.dto.js';

const IsBreachId = (): PropertyDecorator =>
  ValidateBy({ name: 'breachId', validator: { validate: (value: unknown) => isId('brc', value) } });

export class CorrectionRequest {
  @ApiProperty({
    pattern: '^brc_[0-7][0-9a-hjkmnp-tv-z]{25}$',
    description: 'The breach, as the release named it. Recorded as you say it, and matched later.',
  })
  @IsBreachId()
  readonly breachId: string;

  @ApiPropertyOptional({
    pattern: '^REL(-[0-9A-HJKMNP-TV-Z]{4}){3}$',
    description: 'Number of the release certificate, when there is one.',
  })
  @MayBeAbsent()
  @Matches(/^REL(-[0-9A-HJKMNP-TV-Z]{4}){3}$/)
  readonly number?: string;

  @ApiProperty({ format: 'date-time', description: 'When the trace was gone from the credit history.' })
  @IsInstantText()
  readonly removedAt: string;

  @ApiPropertyOptional({ pattern: '^[!-~]{1,64}$', description: 'Your own number; must not hold the IIN.' })
  @MayBeAbsent()
  @Matches(/^[!-~]{1,64}$/)
  readonly historyRef?: string;
}

export class CorrectionAnswer {
  @ApiProperty({
    pattern: '^ent_[0-7][0-9a-hjkmnp-tv-z]{25}$',
    description: 'The entry of the Journal that says it.',
  })
  readonly entryId: string;
}

/** The wire shape of notices. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { PageQuery } from '#libs/platform/page.dto.js';
import { noticeKinds, type NoticeItem, type NoticeKind, type NoticePage } from './notice-answer.js';

export class NoticesQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Seconds to wait for a notice when there is none.',
    ...({ type: 'integer', minimum: 0, maximum: 25, default: 0 } as const),
  })
  @Transform(({ value }: { value: unknown }) => (/^\d{1,2}$/.test(String(value)) ? Number(value) : value))
  @IsInt()
  @Min(0)
  @Max(25)
  readonly wait: number = 0;
}

export class NoticeItemDto implements NoticeItem {
  @ApiProperty({ pattern: '^ntc_[0-7][0-9a-hjkmnp-tv-z]{25}$' }) readonly noticeId: string;
  @ApiProperty({
    enum: noticeKinds,
    description:
      'Of these `refusal-placed` comes for now: the others belong to what this release does not do yet.',
  })
  readonly kind: NoticeKind;
  @ApiProperty({ format: 'date-time', description: 'When it happened.' }) readonly at: string;
  @ApiPropertyOptional({ description: 'Your own number of the application.' }) readonly loanRef?: string;
  @ApiPropertyOptional({ description: 'Its newest clear check.' }) readonly checkId?: string;
}

export class NoticePageDto implements NoticePage {
  @ApiProperty({ type: [NoticeItemDto] }) readonly items: readonly NoticeItemDto[];
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Keep it and go on from it, also when `items` is empty; null only before your first notice.',
  })
  readonly next: string | null;
}

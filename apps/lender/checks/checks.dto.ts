/** The wire shape of checks. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Matches } from 'class-validator';
import { borrowerRoles, circumstances, products, stages } from '#libs/check/check.js';
import type { CheckAnswer, CheckItem, CheckPage } from './check-answer.js';
import { IsIinText } from '#libs/subject/iin.dto.js';
import { IsInstantText, MayBeAbsent } from '#libs/problem/members.dto.js';
import { PageQuery } from '#libs/platform/page.dto.js';
import { ReceiptDto } from '#libs/platform/receipt.dto.js';

export class CheckRequest {
  @ApiProperty({ description: 'IIN of the person to be lent to, twelve digits.', pattern: '^\\d{12}$' })
  @IsIinText()
  readonly iin: string;

  @ApiProperty({ enum: products })
  @IsIn(products)
  readonly product: (typeof products)[number];

  @ApiProperty({ enum: stages, description: 'Before deciding, or again before money moves.' })
  @IsIn(stages)
  readonly stage: (typeof stages)[number];

  @ApiProperty({
    description:
      "The lender's own number of the application, 1–64 visible ASCII characters; must not hold the IIN in any spelling, nor twelve digits by themselves that may be anybody’s (put a letter in front).",
    pattern: '^[!-~]{1,64}$',
  })
  @IsString()
  @Matches(/^[!-~]{1,64}$/)
  readonly loanRef: string;

  @ApiPropertyOptional({ enum: circumstances })
  @MayBeAbsent()
  @IsIn(circumstances)
  readonly circumstance?: (typeof circumstances)[number];

  @ApiPropertyOptional({ enum: borrowerRoles })
  @MayBeAbsent()
  @IsIn(borrowerRoles)
  readonly role?: (typeof borrowerRoles)[number];
}

export class CheckAnswerDto implements CheckAnswer {
  @ApiProperty({ pattern: '^chk_[0-7][0-9a-hjkmnp-tv-z]{25}$' })
  readonly checkId: string;

  @ApiProperty({
    enum: ['clear', 'refused'],
    description:
      'Lend only on `clear`, in a receipt that verifies, whose person, stage and loanRef are your own, before `validUntil`, replayed or not.',
  })
  readonly verdict: 'clear' | 'refused';

  @ApiProperty({ format: 'date-time', description: 'The instant the answer is about: that of its entry.' })
  readonly asOf: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Absent when refused.' })
  readonly validUntil?: string;

  @ApiProperty({ type: ReceiptDto })
  readonly receipt: ReceiptDto;
}

export class ChecksQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'First instant.' })
  @MayBeAbsent()
  @IsInstantText()
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'First instant no longer listed.' })
  @MayBeAbsent()
  @IsInstantText()
  readonly to?: string;

  @ApiPropertyOptional({ pattern: '^[!-~]{1,64}$' })
  @MayBeAbsent()
  @Matches(/^[!-~]{1,64}$/)
  readonly loanRef?: string;
}

export class CheckItemDto implements CheckItem {
  @ApiProperty() readonly checkId: string;
  @ApiProperty({ enum: products }) readonly product: string;
  @ApiProperty({ enum: stages }) readonly stage: string;
  @ApiProperty() readonly loanRef: string;
  @ApiProperty({ enum: ['clear', 'refused'] }) readonly verdict: 'clear' | 'refused';
  @ApiProperty({ format: 'date-time' }) readonly asOf: string;
  @ApiPropertyOptional({ format: 'date-time' }) readonly validUntil?: string;
}

export class CheckPageDto implements CheckPage {
  @ApiProperty({ type: [CheckItemDto] }) readonly items: readonly CheckItemDto[];
  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the next page, or null.' })
  readonly next: string | null;
}

/** The wire shape of one's own loans, as they are read again. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { circumstances, products } from '#libs/check/check.js';
import { IsOwnNumber, MoneyDto, notMatchedYet } from '#libs/loan/loan.dto.js';
import { PageQuery } from '#libs/platform/page.dto.js';
import { IsInstantText, MayBeAbsent } from '#libs/problem/members.dto.js';
import type { LoanItem, LoanPage, LoanView } from './loan-answer.js';

class LoanTermsDto {
  @ApiProperty({ enum: products }) readonly product: string;
  @ApiPropertyOptional({ enum: circumstances }) readonly circumstance?: string;
  @ApiProperty({ type: MoneyDto }) readonly amount: MoneyDto;
  @ApiProperty({ format: 'date-time' }) readonly signedAt: string;
  @ApiPropertyOptional({ format: 'date-time' }) readonly disbursedAt?: string;
  @ApiPropertyOptional({ format: 'date' }) readonly disbursedOn?: string;
  @ApiPropertyOptional() readonly paymentReference?: string;
  @ApiPropertyOptional() readonly checkId?: string;
}

export class LoanItemDto extends LoanTermsDto implements LoanItem {
  @ApiProperty({ pattern: '^lon_[0-7][0-9a-hjkmnp-tv-z]{25}$' }) readonly loanId: string;
  @ApiProperty() readonly contractNumber: string;
  @ApiProperty({ type: [Object], maxItems: 0, description: notMatchedYet })
  readonly findings: readonly never[];
}

class AmendmentDto {
  @ApiProperty({ format: 'date-time', description: 'When the loan was reported otherwise.' })
  readonly at: string;
  @ApiProperty({ type: LoanTermsDto, description: 'What had been reported until then.' })
  readonly before: LoanTermsDto;
  @ApiProperty({ description: 'Whether it was reported of another person from then on.' })
  readonly isOtherPerson: boolean;
}

export class LoanViewDto extends LoanItemDto implements LoanView {
  @ApiProperty({ format: 'date-time', description: 'When it was first reported.' })
  readonly reportedAt: string;
  @ApiProperty({ type: [AmendmentDto], description: 'Oldest first.' })
  readonly amendments: readonly AmendmentDto[];
}

export class LoanPageDto implements LoanPage {
  @ApiProperty({ type: [LoanItemDto] }) readonly items: readonly LoanItemDto[];
  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the next page, or null.' })
  readonly next: string | null;
}

export class LoansQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'First reported at or after this instant.' })
  @MayBeAbsent()
  @IsInstantText()
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'First instant no longer listed.' })
  @MayBeAbsent()
  @IsInstantText()
  readonly to?: string;

  @ApiPropertyOptional({ description: 'The one loan of this contract.' })
  @MayBeAbsent()
  @IsOwnNumber()
  readonly contractNumber?: string;
}

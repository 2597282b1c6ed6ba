/** The wire shape of loans. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsString, Matches, ValidateBy, ValidateNested } from 'class-validator';
import { circumstances, products } from '#libs/check/check.js';
import { isId } from '#libs/journal/id.js';
import { IsInstantText } from '#libs/platform/instant.dto.js';
import { MayBeAbsent } from '#libs/platform/may-be-absent.js';
import { PageQuery } from '#libs/platform/page.dto.js';
import { isLegalDay } from '#libs/regime/rule-values.js';
import { IsIinText } from '../checks/iin.dto.js';
import type { LoanAnswer, LoanItem, LoanPage, LoanView } from './loan-answer.js';

/** A number of the lender's own: 1–64 characters that can be seen, of any script, with single spaces inside. */
const ownNumber = /^(?=.{1,64}$)[\p{L}\p{N}\p{P}\p{S}]+( [\p{L}\p{N}\p{P}\p{S}]+)*$/u;

const IsOwnNumber = (): PropertyDecorator =>
  ValidateBy({
    name: 'ownNumber',
    validator: {
      // One text has one spelling: the same letters composed otherwise would be another contract.
      validate: (value: unknown) =>
        typeof value === 'string' && ownNumber.test(value) && value.normalize('NFC') === value,
    },
  });
const IsCheckId = (): PropertyDecorator =>
  ValidateBy({ name: 'checkId', validator: { validate: (value: unknown) => isId('chk', value) } });
const IsDay = (): PropertyDecorator =>
  ValidateBy({
    name: 'day',
    validator: { validate: (value: unknown) => isLegalDay(value) && value.startsWith('2') },
  });

class MoneyDto {
  @ApiProperty({
    description: 'Decimal with two places, above zero.',
    pattern: '^(0|[1-9]\\d{0,14})\\.\\d\\d$',
    example: '1500000.00',
  })
  @IsString()
  @Matches(/^(?!0\.00$)(0|[1-9]\d{0,14})\.\d\d$/)
  readonly value: string;

  @ApiProperty({ enum: ['KZT'] })
  @IsIn(['KZT'])
  readonly currency: 'KZT';
}

export class LoanRequest {
  @ApiProperty({
    description:
      'Your own number of the contract, 1–64 characters that can be seen (Unicode NFC), single spaces inside; must not hold the IIN.',
  })
  @IsOwnNumber()
  readonly contractNumber: string;

  @ApiProperty({ description: 'IIN of the borrower, twelve digits.', pattern: '^\\d{12}$' })
  @IsIinText()
  readonly iin: string;

  @ApiProperty({ enum: products })
  @IsIn(products)
  readonly product: (typeof products)[number];

  @ApiPropertyOptional({ enum: circumstances })
  @MayBeAbsent()
  @IsIn(circumstances)
  readonly circumstance?: (typeof circumstances)[number];

  @ApiProperty({ type: MoneyDto })
  @ValidateNested()
  @Type(() => MoneyDto)
  @ValidateBy({
    name: 'isObject',
    validator: { validate: (value: unknown) => value instanceof MoneyDto },
  })
  readonly amount: MoneyDto;

  @ApiProperty({ format: 'date-time', description: 'When the contract was signed.' })
  @IsInstantText()
  readonly signedAt: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'When the payment instruction became irrevocable: this or `disbursedOn`, one of them.',
  })
  @MayBeAbsent()
  @IsInstantText()
  readonly disbursedAt?: string;

  @ApiPropertyOptional({
    format: 'date',
    description: 'The day of it (Asia/Almaty), where no instant is known.',
  })
  @MayBeAbsent()
  @IsDay()
  readonly disbursedOn?: string;

  @ApiPropertyOptional({ description: 'Your own number of the payment, like `contractNumber`.' })
  @MayBeAbsent()
  @IsOwnNumber()
  readonly paymentReference?: string;

  @ApiPropertyOptional({ description: 'Your check that stands behind it, if there was one.' })
  @MayBeAbsent()
  @IsCheckId()
  readonly checkId?: string;
}

const notMatchedYet = 'Always empty for now: this release records loans and does not match them yet.';

export class LoanAnswerDto implements LoanAnswer {
  @ApiProperty({ pattern: '^lon_[0-7][0-9a-hjkmnp-tv-z]{25}$' }) readonly loanId: string;
  @ApiProperty({ type: [Object], maxItems: 0, description: notMatchedYet })
  readonly findings: readonly never[];
}

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

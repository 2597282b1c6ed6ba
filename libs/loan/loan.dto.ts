/** The wire shape of a loan that is reported: a lender's own, and a bureau's about any lender. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsString, Matches, ValidateBy, ValidateNested } from 'class-validator';
import { circumstances, products } from '#libs/check/check.js';
import { isId } from '#libs/journal/id.js';
import { IsInstantText, MayBeAbsent } from '#libs/problem/members.dto.js';
import { isLegalDay } from '#libs/regime/rule-values.js';
import { IsIinText } from '#libs/subject/iin.dto.js';
import type { LoanAnswer, PostedLoan } from './report.js';

/** A number of the lender's own: 1–64 characters that can be seen, of any script, with single spaces inside. */
const ownNumber = /^(?=.{1,64}$)[\p{L}\p{N}\p{P}\p{S}]+( [\p{L}\p{N}\p{P}\p{S}]+)*$/u;

export const IsOwnNumber = (): PropertyDecorator =>
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

export class MoneyDto {
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

export class LoanRequest implements PostedLoan {
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

export const notMatchedYet = 'Always empty for now: this release records loans and does not match them yet.';

export class LoanAnswerDto implements LoanAnswer {
  @ApiProperty({ pattern: '^lon_[0-7][0-9a-hjkmnp-tv-z]{25}$' }) readonly loanId: string;
  @ApiProperty({ type: [Object], maxItems: 0, description: notMatchedYet })
  readonly findings: readonly never[];
}

/** The wire shape of loans that a bureau reports. Items are judged one by one, so that a bad one spoils only itself. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, ValidateBy } from 'class-validator';
import { LoanAnswerDto, LoanRequest, notMatchedYet } from '#libs/loan/loan.dto.js';
import { isBin } from '#libs/subject/bin.js';

const IsBinText = (): PropertyDecorator =>
  ValidateBy({ name: 'bin', validator: { validate: (value: unknown) => isBin(value) } });

export class BureauLoan extends LoanRequest {
  @ApiProperty({ description: 'BIN of the lender, admitted or not.', pattern: '^\\d{4}[456]\\d{7}$' })
  @IsBinText()
  readonly lenderBin: string;
}

export class BureauLoansRequest {
  @ApiProperty({ type: [BureauLoan], minItems: 1, maxItems: 1000 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  readonly items: readonly unknown[];
}

class ReportedLoan implements Partial<LoanAnswerDto> {
  @ApiPropertyOptional({
    pattern: '^lon_[0-7][0-9a-hjkmnp-tv-z]{25}$',
    description: 'Recorded now, or so before. Absent with `problem`.',
  })
  readonly loanId?: string;

  @ApiPropertyOptional({ type: [Object], maxItems: 0, description: notMatchedYet })
  readonly findings?: readonly never[];

  @ApiPropertyOptional({
    description: 'Why this loan was not recorded (RFC 9457); its pointers begin at the item.',
    allOf: [{ $ref: '#/components/schemas/Problem' }],
  })
  readonly problem?: unknown;
}

export class BureauLoansAnswer {
  @ApiProperty({ type: [ReportedLoan], description: 'In the order of the request.' })
  readonly items: readonly ReportedLoan[];
}

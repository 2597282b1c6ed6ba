/** The wire shape of batches; `batch-items.ts` judges them by hand. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ReceiptDto } from '#libs/platform/receipt.dto.js';
import { CheckRequest } from '../checks/checks.dto.js';
import { maxItems } from './batch-items.js';

class BatchedCheck extends CheckRequest {
  @ApiProperty({
    description:
      'Your own name of this item, 1–64 visible ASCII characters, once in a call; must not hold an IIN of the call in any spelling. Items that share one are not made.',
    pattern: '^[!-~]{1,64}$',
  })
  readonly ref: string;
}

export class CheckBatchRequest {
  @ApiProperty({ type: [BatchedCheck], minItems: 1, maxItems })
  readonly items: readonly BatchedCheck[];
}

class BatchedAnswer {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'As it came; null when it cannot be repeated. Items stand in the order of the call.',
  })
  readonly ref: string | null;

  @ApiPropertyOptional({
    pattern: '^chk_[0-7][0-9a-hjkmnp-tv-z]{25}$',
    description: 'Absent with `problem`.',
  })
  readonly checkId?: string;

  @ApiPropertyOptional({
    enum: ['clear', 'refused'],
    description: 'Absent with `problem`: an item without a verdict is never clear.',
  })
  readonly verdict?: 'clear' | 'refused';

  @ApiPropertyOptional({ format: 'date-time' })
  readonly asOf?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Absent when refused.' })
  readonly validUntil?: string;

  @ApiPropertyOptional({ type: ReceiptDto })
  readonly receipt?: ReceiptDto;

  @ApiPropertyOptional({
    description: 'Why this item was not made (RFC 9457); its pointers begin at the item.',
    allOf: [{ $ref: '#/components/schemas/Problem' }],
  })
  readonly problem?: unknown;
}

export class CheckBatchAnswerDto {
  @ApiProperty({ type: [BatchedAnswer] })
  readonly items: readonly BatchedAnswer[];
}

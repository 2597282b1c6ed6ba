/** The wire shape of a person's refusal. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ReceiptDto } from '#libs/platform/receipt.dto.js';

export class StampDto {
  @ApiProperty() readonly bureau: string;
  @ApiProperty({ enum: ['waiting', 'stamped', 'overdue'] }) readonly state: string;
  @ApiPropertyOptional({ format: 'date-time' }) readonly stampedAt?: string;
}

export class RefusalStatusDto {
  @ApiProperty({ enum: ['none', 'in-force', 'lift-pending'] })
  readonly state: 'none' | 'in-force' | 'lift-pending';

  @ApiPropertyOptional({ format: 'date-time' })
  readonly placedAt?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'Hours between asking to lift and lifting.' })
  readonly lockHours?: number;

  @ApiPropertyOptional({ format: 'date-time', description: 'When the pending lift was signed.' })
  readonly liftRequestedAt?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'When the pending lift is carried out; until its entry the refusal is in force.',
  })
  readonly liftsAt?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'When the refusal is placed again by itself.' })
  readonly placedAgainAt?: string;

  @ApiProperty({ type: 'integer', description: 'Rises with every placing and lifting; 0: never any.' })
  readonly version: number;

  @ApiProperty({ type: [StampDto], description: 'Which bureaus recorded it.' })
  readonly stamps: readonly StampDto[];
}

export class LiftCancelledDto {
  @ApiProperty({ enum: ['in-force'] })
  readonly state: 'in-force';

  @ApiProperty({ type: RefusalStatusDto })
  readonly refusal: RefusalStatusDto;

  @ApiProperty({ type: ReceiptDto, description: 'Of the entry `lift.cancelled`.' })
  readonly receipt: ReceiptDto;
}

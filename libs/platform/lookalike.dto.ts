/** The wire shape of counted references, the same for lenders and bureaus. */
import { ApiProperty } from '@nestjs/swagger';

export class LookalikeView {
  @ApiProperty({ enum: ['contractNumber', 'paymentReference', 'historyRef'] }) readonly member: string;
  @ApiProperty({ type: 'integer' }) readonly count: number;
  @ApiProperty({ format: 'date-time' }) readonly lastAt: string;
}

/** What was counted, as it is shown. */
export function lookalikeViews(
  counted: readonly { readonly member: string; readonly count: number; readonly lastAt: Date }[],
): readonly LookalikeView[] {
  return counted.map(({ member, count, lastAt }) => ({ member, count, lastAt: lastAt.toISOString() }));
}

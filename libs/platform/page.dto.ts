/** Lists: `?after=<opaque cursor>&limit=` (1–500, default 50). */
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

/** `?after=` is the beginning: a client that keeps its cursor as a text begins with an empty one. */
export const EmptyIsBeginning = (beginning?: string): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? beginning : value));

export class PageQuery {
  @ApiPropertyOptional({ description: 'Cursor from `next` of the page before; absent or empty: the first.' })
  @EmptyIsBeginning()
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/)
  readonly after?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 500, default: 50 })
  @IsOptional()
  // Only plain decimals: Number() would also take "0x10" and " 5 ".
  @Transform(({ value }: { value: unknown }) => (/^\d{1,3}$/.test(String(value)) ? Number(value) : value))
  @IsInt()
  @Min(1)
  @Max(500)
  readonly limit: number = 50;
}

/** The wire shape of how the bureaus follow. */
import { ApiProperty } from '@nestjs/swagger';

class NamesDto {
  @ApiProperty() readonly kk: string;
  @ApiProperty() readonly ru: string;
  @ApiProperty() readonly en: string;
}

export class BureauFiguresDto {
  @ApiProperty({ description: 'Client id.' }) readonly bureau: string;
  @ApiProperty({ type: NamesDto }) readonly names: NamesDto;
  @ApiProperty({
    type: 'integer',
    description: 'Placings and lifts it has not acknowledged, rounded up to tens.',
  })
  readonly behind: number;
  @ApiProperty({
    type: 'integer',
    description: 'How long the oldest of them has been waiting, in whole seconds.',
  })
  readonly oldestMs: number;
  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'Half of the stamps of the last hour came no later after their placing or lift.',
  })
  readonly stampP50Ms: number | null;
  @ApiProperty({ type: 'number', nullable: true }) readonly stampP99Ms: number | null;
  @ApiProperty({
    type: 'boolean',
    nullable: true,
    description: 'Whether its newest digest is the registry’s; null before the first.',
  })
  readonly agrees: boolean | null;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true }) readonly comparedAt: string | null;
}

/** The wire shape of the public figures. */
import { ApiProperty } from '@nestjs/swagger';
import { BureauFiguresDto } from './bureau-figures.dto.js';

const ms = { type: 'number', nullable: true } as const;
const instant = { type: 'string', format: 'date-time', nullable: true } as const;

const uptime = { type: 'number', nullable: true, minimum: 0, maximum: 1 } as const;
const watched = { type: 'number', minimum: 0, maximum: 1 } as const;

export class HourDto {
  @ApiProperty({ format: 'date-time' }) readonly hour: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Rounded to tens.' })
  readonly checks: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) readonly refusalsPlaced: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) readonly refusalsLifted: number | null;
  @ApiProperty({ ...uptime, description: 'Of that hour.' }) readonly uptime: number | null;
  @ApiProperty({ ...watched, description: 'Of that hour.' }) readonly watched: number;
}

export class ChecksFiguresDto {
  @ApiProperty({ ...ms, description: 'Half of the checks of the last 15 minutes took no longer.' })
  readonly p50Ms: number | null;
  @ApiProperty({ ...ms, description: '99 of 100 checks of the last 15 minutes took no longer.' })
  readonly p99Ms: number | null;
  @ApiProperty({
    ...uptime,
    description:
      'Part of the watchdog’s questions, one in ten seconds, answered in the last 24 hours; null when it asked none.',
  })
  readonly uptime: number | null;
  @ApiProperty({
    ...watched,
    description:
      'Part of these hours in which the watchdog asked. What nobody asked is unknown: neither up nor down.',
  })
  readonly watched: number;
  @ApiProperty({ type: [HourDto], description: 'Hours that are over.' })
  readonly hours: readonly HourDto[];
}

export class CosignatureDto {
  @ApiProperty() readonly witness: string;
  @ApiProperty({ format: 'date-time' }) readonly at: string;
}

export class LogFiguresDto {
  @ApiProperty({ type: 'integer', nullable: true }) readonly size: number | null;
  @ApiProperty(instant) readonly signedAt: string | null;
  @ApiProperty({ ...ms, description: 'From the commit to the checkpoint, last hour.' })
  readonly lagP50Ms: number | null;
  @ApiProperty(ms) readonly lagP99Ms: number | null;
  @ApiProperty({ description: 'How long the oldest entry without a checkpoint has been waiting.' })
  readonly waitingMs: number;
  @ApiProperty({ type: [CosignatureDto] }) readonly cosignatures: readonly CosignatureDto[];
  @ApiProperty({ type: 'integer' }) readonly quorum: number;
  @ApiProperty(instant) readonly witnessedAt: string | null;
  @ApiProperty({ description: 'No quorum of witnesses for more than 15 minutes.' })
  readonly isWithoutQuorum: boolean;
}

export class FiguresDto {
  @ApiProperty({ format: 'date-time', description: 'Registry time.' }) readonly at: string;
  @ApiProperty() readonly checks: ChecksFiguresDto;
  @ApiProperty() readonly log: LogFiguresDto;
  @ApiProperty({ type: [BureauFiguresDto] }) readonly bureaus: readonly BureauFiguresDto[];
}

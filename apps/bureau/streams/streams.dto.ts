/** The wire shape of streams: RFC 8936 polls, and what SSF 1.0 says of a stream. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { EmptyIsBeginning } from '#libs/platform/page.dto.js';
import { MayBeAbsent } from '#libs/problem/members.dto.js';

const decimal = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value;
/** An empty one is the beginning, as on every list. */
const cursor = ({ value }: { value: unknown }): unknown => (value === '' ? 0 : decimal({ value }));
const day = /^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const most = Number.MAX_SAFE_INTEGER;

export class PollRequest {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 1000, default: 100 })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(1000)
  readonly maxEvents: number = 100;

  @ApiPropertyOptional({ default: false, description: 'False: wait up to 25 s for the next SET.' })
  @MayBeAbsent()
  @IsBoolean()
  readonly returnImmediately: boolean = false;

  @ApiPropertyOptional({
    type: [String],
    description:
      'jti of SETs that are applied and durable. The position moves over them up to the first gap.',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(5000)
  @IsString({ each: true })
  @MaxLength(128, { each: true })
  readonly ack: readonly string[] = [];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: {
      type: 'object',
      properties: { err: { type: 'string' }, description: { type: 'string' } },
    },
    description: 'jti → what was wrong with the SET. It is delivered again, signed anew.',
  })
  @MayBeAbsent()
  @IsObject()
  readonly setErrs: Readonly<Record<string, unknown>> = {};
}

export class PollAnswer {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'jti → SET (RFC 8417), in the order of `seq`.',
  })
  readonly sets: Readonly<Record<string, string>>;

  @ApiProperty() readonly moreAvailable: boolean;
}

export class StreamDelivery {
  @ApiProperty({ enum: ['urn:ietf:rfc:8936'] }) readonly method: string;
  @ApiProperty({ format: 'uri' }) readonly endpoint_url: string;
}

export class StreamConfiguration {
  @ApiProperty({ pattern: '^str_[0-7][0-9a-hjkmnp-tv-z]{25}$' }) readonly stream_id: string;
  @ApiProperty({ format: 'uri' }) readonly iss: string;
  @ApiProperty({ description: 'Your client id.' }) readonly aud: string;
  @ApiProperty({ type: [String] }) readonly events_supported: readonly string[];
  @ApiProperty({ type: [String] }) readonly events_requested: readonly string[];
  @ApiProperty({ type: [String] }) readonly events_delivered: readonly string[];
  @ApiProperty({ type: StreamDelivery }) readonly delivery: StreamDelivery;
  @ApiProperty({ description: 'Acknowledged up to here.' }) readonly acked_seq: number;
  @ApiProperty({ description: "The Journal's newest item." }) readonly head_seq: number;
}

export class StreamStatus {
  @ApiProperty() readonly stream_id: string;
  @ApiProperty({ enum: ['enabled'] }) readonly status: string;
}

export class StatusQuery {
  @ApiProperty({ pattern: '^str_[0-7][0-9a-hjkmnp-tv-z]{25}$' })
  @IsString()
  @MaxLength(64)
  readonly stream_id: string;
}

export class PositionRequest {
  @ApiProperty({ type: 'integer', minimum: 0 })
  @IsInt()
  @Min(0)
  @Max(most)
  readonly afterSeq: number;
}

export class EventsQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, default: 0 })
  @MayBeAbsent()
  @Transform(cursor)
  @IsInt()
  @Min(0)
  @Max(most)
  readonly afterSeq: number = 0;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 500, default: 50 })
  @MayBeAbsent()
  @Transform(decimal)
  @IsInt()
  @Min(1)
  @Max(500)
  readonly limit: number = 50;
}

export class SnapshotQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'At most `Stream-Head-Seq`; default: the newest.',
  })
  @MayBeAbsent()
  @Transform(decimal)
  @IsInt()
  @Min(0)
  @Max(most)
  readonly atSeq?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    default: 0,
    description: '`seq` of the last line you have, to go on where a reading was broken off.',
  })
  @MayBeAbsent()
  @Transform(cursor)
  @IsInt()
  @Min(0)
  @Max(most)
  readonly after: number = 0;
}

export class DayKeysQuery {
  @ApiPropertyOptional({ format: 'date', description: 'First UTC day.' })
  @MayBeAbsent()
  @Matches(day)
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date', description: '`next` of the page before.' })
  @EmptyIsBeginning()
  @MayBeAbsent()
  @Matches(day)
  readonly after?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 500, default: 50 })
  @MayBeAbsent()
  @Transform(decimal)
  @IsInt()
  @Min(1)
  @Max(500)
  readonly limit: number = 50;
}

export class SignedItem {
  @ApiProperty() readonly jti: string;
  @ApiProperty({ description: 'The SET, a compact JWS.' }) readonly set: string;
}

export class SignedItems {
  @ApiProperty({ type: [SignedItem] }) readonly items: readonly SignedItem[];
  @ApiProperty({ type: String, nullable: true, description: '`afterSeq` of the next page, or null.' })
  readonly next: string | null;
}

export class DayKey {
  @ApiProperty({ description: '`<streamId>.<yyyy-mm-dd>`' }) readonly kid: string;
  @ApiProperty({ description: 'Compact JWE (ECDH-ES+A256KW, A256GCM) of the oct JWK.' }) readonly jwe: string;
}

export class DayKeys {
  @ApiProperty({ type: [DayKey] }) readonly items: readonly DayKey[];
  @ApiProperty({ type: String, nullable: true }) readonly next: string | null;
}

export class TransmitterConfiguration {
  @ApiProperty() readonly spec_version: string;
  @ApiProperty({ format: 'uri' }) readonly issuer: string;
  @ApiProperty({ format: 'uri' }) readonly jwks_uri: string;
  @ApiProperty({ type: [String] }) readonly delivery_methods_supported: readonly string[];
  @ApiProperty({ format: 'uri' }) readonly configuration_endpoint: string;
  @ApiProperty({ format: 'uri' }) readonly status_endpoint: string;
  @ApiProperty({ enum: ['ALL'] }) readonly default_subjects: string;
}

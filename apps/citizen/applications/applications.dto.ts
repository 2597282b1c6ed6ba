/** The wire shape of applications. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { MayBeAbsent } from '#libs/problem/members.dto.js';
import { ReceiptDto } from '#libs/platform/receipt.dto.js';
import { RefusalStatusDto } from '../refusal/refusal.dto.js';
import { PresentDto } from '../session/present.dto.js';

const kinds = ['place', 'lift'] as const;
const languages = ['kk', 'ru', 'en'] as const;
const returnHours = [24, 72, 168] as const;

export class OpenApplicationDto extends PresentDto {
  @ApiProperty({ enum: kinds })
  @IsIn(kinds)
  readonly kind: (typeof kinds)[number];

  @ApiPropertyOptional({
    type: 'integer',
    description:
      'Required for `place`: hours a lift will have to wait, one of those the regime allows. A lift names none: it waits for the lock in force.',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(8760)
  readonly lockHours?: number;

  @ApiPropertyOptional({
    enum: returnHours,
    description: '`lift` only: hours after lifting at which the same signature places again.',
  })
  @MayBeAbsent()
  @IsIn(returnHours)
  readonly placeAgainAfterHours?: (typeof returnHours)[number];

  @ApiProperty({ enum: languages, description: 'Language of the statement to be signed.' })
  @IsIn(languages)
  readonly language: (typeof languages)[number];
}

export class PhoneLinksDto {
  @ApiProperty({ description: 'Text of the QR code: `mobileSign:<URL>`. Opens once, for 180 seconds.' })
  readonly qr: string;

  @ApiProperty({ description: 'The same for the phone that shows it.' })
  readonly link: string;
}

export class OpenedApplicationDto {
  @ApiProperty({ pattern: '^app_[0-7][0-9a-hjkmnp-tv-z]{25}$' })
  readonly applicationId: string;

  @ApiProperty({ enum: kinds })
  readonly kind: 'place' | 'lift';

  @ApiProperty({ format: 'byte', description: 'Base64 of the exact bytes to sign.' })
  readonly document: string;

  @ApiProperty({ description: 'SHA-256 of those bytes, base64url.' })
  readonly documentSha256: string;

  @ApiProperty({ format: 'date-time', description: 'Until when a signature is taken.' })
  readonly expiresAt: string;

  @ApiProperty({ type: PhoneLinksDto })
  readonly egovMobile: PhoneLinksDto;
}

export class SignatureDto {
  @ApiProperty({
    description:
      'The DER CMS, attached or detached, at most 64 KiB, in standard base64 with padding: in one line, in lines of 64 or 76 letters, or as PEM (`-----BEGIN CMS-----`).',
  })
  @IsString()
  // Longer than 64 KiB in base64: what is longer still is not worth reading.
  @MaxLength(131_072)
  readonly cms: string;
}

export class OutcomeDto {
  @ApiProperty({ enum: ['in-force', 'lift-pending', 'lifted'] })
  readonly state: 'in-force' | 'lift-pending' | 'lifted';

  @ApiProperty({ type: RefusalStatusDto })
  readonly refusal: RefusalStatusDto;

  @ApiProperty({ type: ReceiptDto, description: 'Of the newest entry that came of the application.' })
  readonly receipt: ReceiptDto;
}

export class ProgressQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 25,
    description: 'Seconds to wait while the application is open.',
  })
  @MayBeAbsent()
  @Matches(/^([0-9]|1[0-9]|2[0-5])$/)
  readonly wait?: string;
}

export class ProgressDto {
  @ApiProperty({ enum: ['open', 'signed', 'expired', 'void'] })
  readonly state: 'open' | 'signed' | 'expired' | 'void';

  @ApiPropertyOptional({ type: RefusalStatusDto, description: 'Once signed.' })
  readonly refusal?: RefusalStatusDto;

  @ApiPropertyOptional({ type: ReceiptDto, description: 'Once signed.' })
  readonly receipt?: ReceiptDto;
}

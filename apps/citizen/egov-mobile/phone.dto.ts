/** The phone's wire shapes; names are eGov Mobile's. */
import { ApiProperty } from '@nestjs/swagger';

export class OrganisationDto {
  @ApiProperty() readonly nameRu: string;
  @ApiProperty() readonly nameKz: string;
  @ApiProperty() readonly nameEn: string;
  @ApiProperty({ pattern: '^\\d{12}$' }) readonly bin: string;
}

export class PhoneDocumentReferenceDto {
  @ApiProperty({ format: 'uri', description: 'API №2.' }) readonly uri: string;
  @ApiProperty({ enum: ['Token'] }) readonly auth_type: 'Token';
  @ApiProperty({ description: 'Sent to API №2 as `Authorization: Bearer`.' }) readonly auth_token: string;
}

export class PhoneInvitationDto {
  @ApiProperty() readonly description: string;
  @ApiProperty({ format: 'date-time' }) readonly expiry_date: string;
  @ApiProperty({ type: OrganisationDto }) readonly organisation: OrganisationDto;
  @ApiProperty({ type: PhoneDocumentReferenceDto }) readonly document: PhoneDocumentReferenceDto;
}

export class PhoneMetaDto {
  @ApiProperty() readonly name: string;
  @ApiProperty() readonly value: string;
}

export class PhoneFileDto {
  @ApiProperty() readonly mime: string;
  @ApiProperty({
    description: 'Base64. GET: the bytes to sign; PUT: the CMS over them, which may come in lines or as PEM.',
  })
  readonly data: string;
}

export class PhoneFileHolderDto {
  @ApiProperty({ type: PhoneFileDto }) readonly file: PhoneFileDto;
}

export class PhoneDocumentDto {
  @ApiProperty({ type: 'integer' }) readonly id: number;
  @ApiProperty() readonly nameRu: string;
  @ApiProperty() readonly nameKz: string;
  @ApiProperty() readonly nameEn: string;
  @ApiProperty({ type: [PhoneMetaDto] }) readonly meta: readonly PhoneMetaDto[];
  @ApiProperty({ type: PhoneFileHolderDto }) readonly document: PhoneFileHolderDto;
}

export class PhoneDocumentsDto {
  @ApiProperty({ enum: ['CMS_WITH_DATA'] }) readonly signMethod: 'CMS_WITH_DATA';
  @ApiProperty({ type: 'integer', enum: [1] }) readonly version: 1;
  @ApiProperty({ type: [PhoneDocumentDto] }) readonly documentsToSign: readonly PhoneDocumentDto[];
}

export class PhoneMessageDto {
  @ApiProperty() readonly message: string;
}

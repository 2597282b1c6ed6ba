/** eGov Mobile's API №1 and №2. No token of a party: the one-time secret of the QR code is the way in. */
import { Body, Controller, Get, Header, Headers, Inject, Param, Put, Req } from '@nestjs/common';
import { ApiBody, ApiForbiddenResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '#libs/platform/access/access.guard.js';
import type { FastifyRequest } from 'fastify';
import { LongPolls } from '#libs/platform/long-poll.js';
import { LimitedBy } from '#libs/platform/limits/limit.guard.js';
import { TakesBody, tellRoute } from '#libs/platform/route.js';
import { phoneLanguage, phoneRefusal, phoneThanks } from './phone-words.js';
import { PhoneDocumentsDto, PhoneInvitationDto, PhoneMessageDto } from './phone.dto.js';
import { NeedsPhoneToken } from './phone-token.guard.js';
import { PhoneService } from './phone.service.js';

@ApiTags('eGov Mobile')
@Public()
@LimitedBy('address')
@tellRoute({ refusalAs: phoneRefusal })
@Controller('egov-mobile')
export class PhoneController {
  constructor(
    @Inject(PhoneService) private readonly phone: PhoneService,
    @Inject(LongPolls) private readonly polls: LongPolls,
  ) {}

  @Get(':secret')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'phoneInvitation', summary: 'API №1: once per QR code, within 180 seconds' })
  @ApiOkResponse({ type: PhoneInvitationDto })
  @ApiForbiddenResponse({ type: PhoneMessageDto })
  invite(@Param('secret') secret: string): Promise<PhoneInvitationDto> {
    return this.phone.invite(secret);
  }

  @Get('documents/:applicationId')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'phoneDocument', summary: 'API №2: the document to sign' })
  @ApiOkResponse({ type: PhoneDocumentsDto })
  @ApiForbiddenResponse({ type: PhoneMessageDto })
  document(
    @Param('applicationId') applicationId: string,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<PhoneDocumentsDto> {
    return this.phone.document(applicationId, authorization);
  }

  @Put('documents/:applicationId')
  @NeedsPhoneToken()
  // The document as it was given, and a CMS of 64 KiB in base64 in it.
  @TakesBody(128 * 1024)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'phoneSignature', summary: 'API №2: the same with the CMS in `file.data`' })
  @ApiBody({ type: PhoneDocumentsDto })
  @ApiOkResponse({ type: PhoneMessageDto })
  @ApiForbiddenResponse({ type: PhoneMessageDto })
  async sign(
    @Param('applicationId') applicationId: string,
    @Headers('authorization') authorization: string | undefined,
    @Headers('accept-language') language: string | undefined,
    @Body() body: object,
    @Req() request: FastifyRequest,
  ): Promise<PhoneMessageDto> {
    await this.polls.waitIfRoom(request, 'phones', (gone) =>
      this.phone.sign(applicationId, authorization, body, gone),
    );
    return { message: phoneThanks[phoneLanguage(language)] };
  }
}

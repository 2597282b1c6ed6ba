/** Applications: opened by a channel, signed by the citizen, asked about until they counted. */
import { Body, Controller, Get, Header, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { idToUuid } from '#libs/journal/id.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { LongPolls } from '#libs/platform/long-poll.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import {
  OpenApplicationDto,
  OpenedApplicationDto,
  OutcomeDto,
  ProgressDto,
  ProgressQuery,
  SignatureDto,
} from './applications.dto.js';
import { ApplicationsService } from './applications.service.js';
import { OutcomeService } from './outcome.service.js';
import { SigningService } from './signing.service.js';

@ApiTags('applications')
@RequireScope('citizen')
@Controller('v1/applications')
export class ApplicationsController {
  constructor(
    @Inject(ApplicationsService) private readonly applications: ApplicationsService,
    @Inject(SigningService) private readonly signing: SigningService,
    @Inject(OutcomeService) private readonly outcomes: OutcomeService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(LongPolls) private readonly polls: LongPolls,
  ) {}

  @Post()
  @TakesBody(smallBody)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'openApplication',
    summary: 'Open a document for the citizen to sign, to place or to lift; a new one voids the old',
  })
  @Idempotent()
  @ApiCreatedResponse({ type: OpenedApplicationDto })
  async open(
    @Body() body: OpenApplicationDto,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpenedApplicationDto> {
    const { answer } = await this.idempotency.once(request, reply, (idempotent) =>
      this.applications.open(request.party.party, body, idempotent),
    );
    return answer;
  }

  @Put(':applicationId/signature')
  // A CMS of 64 KiB in base64.
  @TakesBody(96 * 1024)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'signApplication',
    summary: "Bring the citizen's signature; a placing is in force when this is answered",
  })
  @ApiOkResponse({ type: OutcomeDto })
  sign(
    @Param('applicationId') applicationId: string,
    @Body() body: SignatureDto,
    @Req() request: CallerRequest,
  ): Promise<OutcomeDto> {
    const { clientId } = request.party;
    return this.polls.waitIfRoom(request, clientId, (gone) =>
      this.signing.signForChannel(clientId, applicationId, body.cms, gone),
    );
  }

  @Get(':applicationId')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readApplication', summary: 'Did it count?' })
  @ApiOkResponse({ type: ProgressDto })
  read(
    @Param('applicationId') applicationId: string,
    @Query() query: ProgressQuery,
    @Req() request: CallerRequest,
  ): Promise<ProgressDto> {
    const uuid = idToUuid('app', applicationId);
    const { clientId } = request.party;
    return this.polls.wait(request, clientId, (gone) =>
      this.outcomes.progress(clientId, uuid, Number(query.wait ?? 0), gone),
    );
  }
}

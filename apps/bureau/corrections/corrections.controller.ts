/** `POST /v1/corrections`: a bureau says that the trace of a loan is gone from the credit history. */
import { Body, Controller, Header, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { idToUuid } from '#libs/journal/id.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import { CorrectionAnswer, CorrectionRequest } from './corrections.dto.js';
import { CorrectionsService } from './corrections.service.js';

@ApiTags('loans')
// The scope counts for lenders, too, and what they report belongs to their own app.
@RequireScope('loans', 'bureau')
@Controller('v1/corrections')
export class CorrectionsController {
  constructor(
    @Inject(CorrectionsService) private readonly corrections: CorrectionsService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @TakesBody(smallBody)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'correct',
    summary: 'Say that the trace of a loan is gone from the credit history',
    description:
      'Recorded as you say it, however late. The same of the same breach again changes nothing (200); other values supersede what you said before (201). This release records corrections and does not match them with breaches yet.',
  })
  @Idempotent()
  @ApiCreatedResponse({ type: CorrectionAnswer, description: 'Recorded.' })
  @ApiOkResponse({ type: CorrectionAnswer, description: 'You had said so before.' })
  async correct(
    @Body() { breachId, removedAt, ...rest }: CorrectionRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CorrectionAnswer> {
    const said = { ...rest, removedAt: Date.parse(removedAt) };
    const { clientId } = request.party;
    const breachUuid = idToUuid('brc', breachId);
    const corrected = await this.idempotency.once(request, reply, (idempotent) =>
      this.corrections.correct(clientId, breachUuid, said, idempotent),
    );
    void reply.status(corrected.isRecorded ? 201 : 200);
    return { entryId: corrected.entryId };
  }
}

/** `POST /v1/corrections`: a bureau says that the trace of a loan is gone from the credit history. */
import { Body, Controller, Header, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { idToUuid } from '#libs/journal/id.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { idempotentRequest } from '#libs/platform/idempotency.js';
import { IDEMPOTENCY_SECRET } from '#libs/platform/registry-tokens.js';
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
    @Inject(IDEMPOTENCY_SECRET) private readonly secret: Buffer,
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
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    schema: { type: 'string', pattern: '^[!-~]{8,64}$' },
  })
  @ApiCreatedResponse({ type: CorrectionAnswer, description: 'Recorded.' })
  @ApiOkResponse({ type: CorrectionAnswer, description: 'You had said so before.' })
  async correct(
    @Body() { breachId, removedAt, ...rest }: CorrectionRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CorrectionAnswer> {
    const idempotent = idempotentRequest(request, this.secret);
    const said = { ...rest, removedAt: Date.parse(removedAt) };
    const { clientId } = request.party;
    const corrected = await this.corrections.correct(clientId, idToUuid('brc', breachId), said, idempotent);
    if (corrected.isReplay) void reply.header('Idempotent-Replayed', 'true');
    void reply.status(corrected.isRecorded ? 201 : 200);
    return { entryId: corrected.entryId };
  }
}

/** What stands in a person's name, and calling off a pending lift. */
import { Body, Controller, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { LimitedBy } from '#libs/platform/limits/limit.guard.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import { PresentDto } from '../session/present.dto.js';
import { LiftCancelledDto, RefusalStatusDto } from './refusal.dto.js';
import { RefusalService } from './refusal.service.js';

@ApiTags('refusal')
@RequireScope('citizen')
@Controller('v1')
export class RefusalController {
  constructor(
    @Inject(RefusalService) private readonly refusals: RefusalService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
  ) {}

  @Post('refusal-status')
  @TakesBody(smallBody)
  @LimitedBy('reads')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readRefusal',
    summary: "What stands in the person's name; the reading is in his trail",
  })
  @ApiOkResponse({ type: RefusalStatusDto })
  status(@Body() body: PresentDto, @Req() request: CallerRequest): Promise<RefusalStatusDto> {
    return this.refusals.status(request.party.party, body.citizenAssertion);
  }

  @Post('lift-cancellations')
  @TakesBody(smallBody)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'cancelLift',
    summary: 'Call off a pending lift; needs no signature, because it can only make safer',
  })
  @Idempotent()
  @ApiOkResponse({ type: LiftCancelledDto })
  async cancelLift(
    @Body() body: PresentDto,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LiftCancelledDto> {
    const { answer } = await this.idempotency.once(request, reply, (idempotent) =>
      this.refusals.cancelLift(request.party.party, body.citizenAssertion, idempotent),
    );
    return answer;
  }
}

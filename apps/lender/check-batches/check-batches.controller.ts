/** `POST /v1/check-batches`: a queue of open applications, each item a check of its own. */
import type { Readable } from 'node:stream';
import { Body, Controller, Header, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { LimitedBy } from '#libs/platform/limits/limit.guard.js';
import { inPieces } from '#libs/platform/pieces.js';
import { TakesBody } from '#libs/platform/route.js';
import { CheckLimitGuard } from '../limits/check-limit.guard.js';
import { CheckBatchAnswerDto, CheckBatchRequest } from './check-batches.dto.js';
import { CheckBatchesService } from './check-batches.service.js';

@ApiTags('checks')
@RequireScope('checks')
@Controller('v1/check-batches')
export class CheckBatchesController {
  constructor(
    @Inject(CheckBatchesService) private readonly batches: CheckBatchesService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @LimitedBy('itself')
  @UseGuards(CheckLimitGuard)
  @HttpCode(200)
  // Ten thousand items of eight members, and some to spare, so that one item too many is still told so by name.
  @TakesBody(4 * 1024 * 1024, 120_000)
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'makeCheckBatch',
    summary: 'Ask about many persons at once',
    description:
      'Each item is a full check with its own entry and receipt, in the order of the call; one bad item spoils only itself. Up to 4 MiB. When any item could not be made durable the whole call is answered 503: repeat it with the same key and body, and it goes on where it ended; what was made is found again. A call of which no item could be made leaves no key.',
  })
  @Idempotent()
  @ApiBody({ type: CheckBatchRequest })
  @ApiOkResponse({ type: CheckBatchAnswerDto })
  async make(
    // Judged by hand: the validator would walk every member of ten thousand items.
    @Body() body: unknown,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const { clientId } = request.party;
    const { answer } = await this.idempotency.once(request, reply, (idempotent) =>
      this.batches.make({ clientId, body, idempotent, requestId: request.id }),
    );
    return inPieces(answer, reply);
  }
}

/** `POST /v1/stamps`: a bureau says which placings and lifts are on the credit history. */
import { Body, Controller, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { TakesBody } from '#libs/platform/route.js';
import { problemKinds, type ProblemCode } from '#libs/problem/catalogue.js';
import { uuidToId } from '#libs/journal/id.js';
import { StreamsService } from '../streams/streams.service.js';
import { LOG_BASE } from '../streams/transmitter.controller.js';
import { StampResults, StampsRequest, type StampProblem } from './stamps.dto.js';
import { StampsService } from './stamps.service.js';

@ApiTags('stamps')
@RequireScope('stamps')
@Controller('v1/stamps')
export class StampsController {
  constructor(
    @Inject(StampsService) private readonly stamps: StampsService,
    @Inject(StreamsService) private readonly streams: StreamsService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(LOG_BASE) private readonly logBase: string,
  ) {}

  @Post()
  @TakesBody(1024 * 1024)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'stamp', summary: 'Say that refusals and lifts are on the credit history' })
  @Idempotent()
  @ApiOkResponse({ type: StampResults })
  async stamp(
    @Body() { items }: StampsRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StampResults> {
    const { clientId } = request.party;
    const posted = items.map(({ recordedAt, ...stamp }) => ({
      ...stamp,
      recordedAt: Date.parse(recordedAt),
    }));
    const { faults } = await this.idempotency.once(request, reply, async (idempotent) => {
      const [stream] = await this.streams.list(clientId);
      const streamId = stream === undefined ? '' : uuidToId('str', stream.uuid);
      return this.stamps.stamp(clientId, streamId, posted, idempotent);
    });
    return {
      items: items.map(({ jti }, place) => {
        const code = faults.get(place);
        return code === undefined ? { jti, state: 'stamped' } : { jti, problem: this.problem(code) };
      }),
    };
  }

  private problem(code: ProblemCode): StampProblem {
    const { status, title, detail } = problemKinds[code];
    return { type: `${this.logBase}/problems/${code}`, title, status, detail, code };
  }
}

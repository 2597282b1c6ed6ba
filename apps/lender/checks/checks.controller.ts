/** `POST /v1/checks` and reading one's own checks again. */
import { Controller, Get, Header, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { LimitedBy } from '#libs/platform/limits/limit.guard.js';
import { TakesBody } from '#libs/platform/route.js';
import { CheckLimitGuard } from '../limits/check-limit.guard.js';
import { CheckAnswerDto, CheckPageDto, CheckRequest, ChecksQuery } from './checks.dto.js';
import { ChecksService } from './checks.service.js';
import { parseQuestion } from './question.js';

@ApiTags('checks')
@RequireScope('checks')
@Controller('v1/checks')
export class ChecksController {
  constructor(
    @Inject(ChecksService) private readonly checks: ChecksService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @TakesBody(8 * 1024)
  @LimitedBy('itself')
  @UseGuards(CheckLimitGuard)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'makeCheck', summary: 'Ask whether a person has refused loans' })
  @Idempotent()
  @ApiBody({ type: CheckRequest })
  @ApiCreatedResponse({ type: CheckAnswerDto })
  async make(@Req() request: CallerRequest, @Res() reply: FastifyReply): Promise<void> {
    // Read and written by hand: validator and serializer of all other routes cost more than the check.
    const { answer } = await this.idempotency.once(request, reply, (idempotent) =>
      this.checks.make(request.party.clientId, parseQuestion(request.body), idempotent),
    );
    void reply.code(201).header('Content-Type', 'application/json; charset=utf-8').send(answer);
  }

  @Get(':checkId')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({ operationId: 'readCheck', summary: 'One of your own checks with its receipt' })
  @ApiOkResponse({ type: CheckAnswerDto })
  read(@Param('checkId') checkId: string, @Req() request: CallerRequest): Promise<string> {
    return this.checks.read(request.party.clientId, checkId);
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({ operationId: 'listChecks', summary: 'Your own checks in the order they were made' })
  @ApiOkResponse({ type: CheckPageDto })
  list(@Query() query: ChecksQuery, @Req() request: CallerRequest): Promise<string> {
    const { from, to, ...rest } = query;
    return this.checks.list(request.party.clientId, {
      ...rest,
      ...(from !== undefined && { from: Date.parse(from) }),
      ...(to !== undefined && { to: Date.parse(to) }),
    });
  }
}

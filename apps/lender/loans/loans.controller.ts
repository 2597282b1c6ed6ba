/** `POST /v1/loans` and reading one's own loans again. */
import { Body, Controller, Get, Header, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { LoanAnswerDto, LoanRequest } from '#libs/loan/loan.dto.js';
import { reportOf, type LoanAnswer } from '#libs/loan/report.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import type { LoanPage, LoanView } from './loan-answer.js';
import { LoanPageDto, LoansQuery, LoanViewDto } from './loans.dto.js';
import { LoansService } from './loans.service.js';

@ApiTags('loans')
@RequireScope('loans')
@Controller('v1/loans')
export class LoansController {
  constructor(
    @Inject(LoansService) private readonly loans: LoansService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @TakesBody(smallBody)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'reportLoan',
    summary: 'Report a loan that was paid out',
    description:
      'Recorded as you say it: nothing is refused for being bad news. The same contract again: equal, nothing is recorded (200); different, an amendment (201). This release records loans and does not match them with refusals and checks yet, so `findings` is always empty.',
  })
  @Idempotent()
  @ApiCreatedResponse({ type: LoanAnswerDto, description: 'Recorded: a new loan or an amendment.' })
  @ApiOkResponse({ type: LoanAnswerDto, description: 'It had been reported so before.' })
  async report(
    @Body() body: LoanRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LoanAnswer> {
    const reported = await this.idempotency.once(request, reply, (idempotent) =>
      this.loans.report(request.party.clientId, reportOf(body), idempotent),
    );
    void reply.status(reported.isRecorded ? 201 : 200);
    return reported.answer;
  }

  @Get(':loanId')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readLoan', summary: 'One of your own loans with its amendments' })
  @ApiOkResponse({ type: LoanViewDto })
  read(@Param('loanId') loanId: string, @Req() request: CallerRequest): Promise<LoanView> {
    return this.loans.read(request.party.clientId, loanId);
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'listLoans',
    summary: 'Your own loans as last reported, in the order of their first report',
  })
  @ApiOkResponse({ type: LoanPageDto })
  list(@Query() query: LoansQuery, @Req() request: CallerRequest): Promise<LoanPage> {
    const { from, to, ...rest } = query;
    return this.loans.list(request.party.clientId, {
      ...rest,
      ...(from !== undefined && { from: Date.parse(from) }),
      ...(to !== undefined && { to: Date.parse(to) }),
    });
  }
}

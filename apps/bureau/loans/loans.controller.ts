/** `POST /v1/loans`: a bureau reports what lenders told it, up to 1 000 loans a call. */
import { Body, Controller, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { answerOf, reportOf, type LoanAnswer } from '#libs/loan/report.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { Idempotency, Idempotent } from '#libs/platform/idempotency.js';
import { PROBLEM_BASE } from '#libs/platform/registry-tokens.js';
import { TakesBody } from '#libs/platform/route.js';
import { problemDocument, type ProblemDocument } from '#libs/problem/problem-document.js';
import { Problem } from '#libs/problem/problem.js';
import { validationProblem } from '#libs/problem/validation-problem.js';
import { BureauLoan, BureauLoansAnswer, BureauLoansRequest } from './loans.dto.js';
import { LoansService, type BureauReport } from './loans.service.js';

@ApiTags('loans')
// The scope counts for lenders, too, and what they report belongs to their own app.
@RequireScope('loans', 'bureau')
@Controller('v1/loans')
export class LoansController {
  constructor(
    @Inject(LoansService) private readonly loans: LoansService,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(PROBLEM_BASE) private readonly problemBase: string,
  ) {}

  @Post()
  @HttpCode(200)
  // A thousand loans of thirteen values each, and some to spare.
  @TakesBody(2 * 1024 * 1024, 20_000)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'reportLoans',
    summary: 'Report loans that lenders told you of',
    description:
      'Recorded as you say it, beside what the lender itself reports: nothing is refused for being bad news. One contract of one lender is one loan of yours; the same again changes nothing, a different report of it is an amendment. One bad item spoils only itself. After a 503 repeat the call with the same key and body: it goes on where it ended. This release records loans and does not match them yet.',
  })
  @Idempotent()
  @ApiOkResponse({ type: BureauLoansAnswer })
  async report(
    @Body() { items }: BureauLoansRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ items: readonly (LoanAnswer | { readonly problem: ProblemDocument })[] }> {
    const { clientId } = request.party;
    const { outcomes } = await this.idempotency.once(request, reply, (idempotent) =>
      this.loans.report(clientId, items.map(judged), idempotent),
    );
    return {
      items: outcomes.map((outcome) =>
        outcome instanceof Problem
          ? { problem: problemDocument(outcome, this.problemBase, request.id) }
          : answerOf(outcome.loanUuid),
      ),
    };
  }
}

/** An item as the pipe of bodies would judge it, were it one alone. */
function judged(value: unknown): BureauReport | Problem {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Problem('request-malformed');
  const item = plainToInstance(BureauLoan, value);
  const invalid = validateSync(item, { whitelist: true, forbidNonWhitelisted: true });
  if (invalid.length > 0) return validationProblem(invalid);
  try {
    const { lenderBin, ...posted } = item;
    return { ...reportOf(posted), lenderBin };
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

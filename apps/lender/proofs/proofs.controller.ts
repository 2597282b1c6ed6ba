/** `GET /v1/checks/{checkId}/proof`: what turns a signed check into a logged and witnessed one, for years later. */
import { Controller, Get, Header, Inject, Param, Req } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { ProofsService } from './proofs.service.js';

@ApiTags('checks')
@RequireScope('checks')
@Controller('v1/checks')
export class ProofsController {
  constructor(@Inject(ProofsService) private readonly proofs: ProofsService) {}

  @Get(':checkId/proof')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    operationId: 'readCheckProof',
    summary: 'Inclusion of one of your own checks in the latest published checkpoint, as a .tlog-proof',
    description:
      'Keep it beside the receipt: it stays evidence when the key that signed the receipt has expired. A check is published within seconds; until then the answer is `not-yet-published` with `Retry-After`.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'c2sp.org/tlog-proof@v1' })
  @ApiNotFoundResponse({ description: 'No check of yours.' })
  @ApiConflictResponse({ description: '`not-yet-published`' })
  proof(@Param('checkId') checkId: string, @Req() request: CallerRequest): Promise<string> {
    return this.proofs.proof(request.party.clientId, checkId);
  }
}

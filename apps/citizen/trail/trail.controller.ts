/** A person's own trail. POST, because the assertion holds the IIN. */
import { Body, Controller, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { LimitedBy } from '#libs/platform/limits/limit.guard.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import { TrailPageDto, TrailRequest } from './trail.dto.js';
import { TrailService } from './trail.service.js';

@ApiTags('trail')
@RequireScope('citizen')
@Controller('v1/trail')
export class TrailController {
  constructor(@Inject(TrailService) private readonly trail: TrailService) {}

  @Post()
  @TakesBody(smallBody)
  @LimitedBy('reads')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readTrail',
    summary: 'Own acts, every check, and who read, newest first; this reading included',
  })
  @ApiOkResponse({ type: TrailPageDto })
  read(@Body() body: TrailRequest, @Req() request: CallerRequest): Promise<TrailPageDto> {
    const { citizenAssertion, after, limit = 50 } = body;
    return this.trail.read(request.party.party, citizenAssertion, { after, limit });
  }
}

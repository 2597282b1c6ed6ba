/** `GET /v1/party`: what the registry knows of the bureau that calls, so that it learns what it should not send. */
import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { LookalikeView, lookalikeViews } from '#libs/platform/lookalike.dto.js';
import { StampsService } from '../stamps/stamps.service.js';

class BureauPartyView {
  @ApiProperty() readonly clientId: string;
  @ApiProperty({ type: [LookalikeView], description: 'References of yours that may be the IIN of somebody.' })
  readonly referencesLikeIins: readonly LookalikeView[];
}

@ApiTags('party')
@RequireScope('any', 'bureau')
@Controller('v1/party')
export class PartyController {
  constructor(@Inject(StampsService) private readonly stamps: StampsService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readParty', summary: 'What you should not send: references like an IIN' })
  @ApiOkResponse({ type: BureauPartyView })
  async read(@Req() { party: { clientId } }: CallerRequest): Promise<BureauPartyView> {
    return { clientId, referencesLikeIins: lookalikeViews(await this.stamps.lookalikes(clientId)) };
  }
}

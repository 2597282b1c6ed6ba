/** `GET /openings/<index>`. An entry never changes, so neither does its opening. */
import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '#libs/platform/access/access.guard.js';
import { OpeningDto } from './opening.dto.js';
import { OpeningsService } from './openings.service.js';

@ApiTags('log')
@Public()
@Controller()
export class OpeningsController {
  constructor(private readonly openings: OpeningsService) {}

  @Get('openings/:index')
  @Header('Cache-Control', 'public, max-age=31536000, immutable')
  @ApiOperation({
    operationId: 'getOpening',
    summary: 'Entry and salt of a leaf whose kind is public: registry, key, party, regime, acts, log.',
  })
  @ApiOkResponse({ type: OpeningDto })
  @ApiNotFoundResponse({ description: 'No such entry, or its kind is not public.' })
  opening(@Param('index') index: string): Promise<OpeningDto> {
    return this.openings.opening(index);
  }
}

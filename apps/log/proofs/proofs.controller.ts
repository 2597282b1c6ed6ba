/** `GET /proof`: what anybody keeps beside a receipt, to check it without the registry. */
import { Controller, Get, Header, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { Public } from '#libs/platform/access/access.guard.js';
import { ProofsService } from './proofs.service.js';

@ApiTags('log')
@Public()
@Controller()
export class ProofsController {
  constructor(private readonly proofs: ProofsService) {}

  @Get('proof')
  @Header('Cache-Control', 'no-cache')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    operationId: 'getProof',
    summary: 'Inclusion of an entry in a published checkpoint, as a .tlog-proof (C2SP tlog-proof).',
  })
  @ApiQuery({ name: 'index', required: true, schema: { type: 'integer', minimum: 0 } })
  @ApiQuery({
    name: 'size',
    required: false,
    schema: { type: 'integer', minimum: 1 },
    description: 'Of a published checkpoint; the newest when absent.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'c2sp.org/tlog-proof@v1' })
  @ApiBadRequestResponse({ description: 'An index or a size that is no whole number.' })
  @ApiNotFoundResponse({ description: 'No such checkpoint, or it does not hold the entry yet.' })
  proof(@Query('index') index: unknown, @Query('size') size: unknown): Promise<string> {
    return this.proofs.proof(index, size);
  }
}

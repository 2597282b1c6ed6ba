/** `GET /tile/…`: hash tiles and entry bundles by C2SP tlog-tiles. What is published never changes. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendTile } from './tile-reply.js';
import { TilesService } from './tiles.service.js';

@ApiTags('log')
@Controller()
export class TilesController {
  constructor(private readonly tiles: TilesService) {}

  @Get('tile/*')
  @ApiOperation({
    operationId: 'getTile',
    summary: 'A hash tile `<L>/<N>[.p/<W>]` or an entry bundle `entries/<N>[.p/<W>]` (C2SP tlog-tiles).',
  })
  @ApiParam({
    name: 'path',
    schema: { type: 'string', example: '0/x001/x234/067' },
    description: 'In its one spelling.',
  })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'Hashes of 32 bytes, or (uint16 length ‖ leaf)*; never changes.' })
  @ApiNotFoundResponse({ description: 'Not published, or spelled otherwise.' })
  async tile(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    // The path as it was sent: an escaped spelling is another one, and no cache shall keep two.
    const path = request.originalUrl.split('?')[0]?.slice(1) ?? '';
    return sendTile(request, reply, await this.tiles.named(path));
  }
}

/** `GET /closed/<number>/…`: the same paths of a log that was closed. Whoever verifies names this as the log. */
import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#libs/platform/access/access.guard.js';
import { sendTile } from '../tiles/tiles.controller.js';
import { ClosedLogsService } from './closed-logs.service.js';

const number = {
  name: 'number',
  schema: { type: 'string', example: '1' },
  description: 'At the end of its name.',
};

@ApiTags('log')
@Public()
@Controller('closed/:number')
export class ClosedLogsController {
  constructor(private readonly logs: ClosedLogsService) {}

  @Get('checkpoint')
  @Header('Cache-Control', 'public, max-age=3600')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    operationId: 'getClosedCheckpoint',
    summary: 'The last checkpoint of a log that was closed.',
  })
  @ApiParam(number)
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'A signed note: origin, size, root, signatures.' })
  checkpoint(@Param('number') which: string): Promise<string> {
    return this.logs.checkpoint(which);
  }

  @Get('vkeys')
  @Header('Cache-Control', 'public, max-age=60')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({ operationId: 'getClosedVkeys', summary: 'vkeys under the name of a log that was closed.' })
  @ApiParam(number)
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'One vkey a line.' })
  vkeys(@Param('number') which: string): Promise<string> {
    return this.logs.vkeys(which);
  }

  @Get('tile/*')
  @ApiOperation({ operationId: 'getClosedTile', summary: 'A tile or bundle of a log that was closed.' })
  @ApiParam(number)
  @ApiParam({
    name: 'path',
    schema: { type: 'string', example: '0/x001/x234/067' },
    description: 'In its one spelling.',
  })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'Hashes of 32 bytes, or (uint16 length ‖ leaf)*; never changes.' })
  @ApiNotFoundResponse({ description: 'Not published, or spelled otherwise.' })
  async tile(
    @Param('number') which: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    // The path as it was sent: an escaped spelling is another one, and no cache shall keep two.
    const path = request.originalUrl.split('?')[0]?.slice(`/closed/${which}/`.length) ?? '';
    return sendTile(request, reply, await this.logs.tile(which, path));
  }
}

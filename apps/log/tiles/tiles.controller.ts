/** `GET /tile/…`: hash tiles and entry bundles by C2SP tlog-tiles. What is published never changes. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
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
import { Public } from '#libs/platform/access/access.guard.js';
import type { TileAt } from '#libs/tlog/tile.js';
import { TilesService } from './tiles.service.js';

const compress = promisify(gzip);

@ApiTags('log')
@Public()
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

/** How a tile leaves: kept for good by whoever asked, and a bundle compressed where that is taken. @returns the body */
export async function sendTile(
  request: FastifyRequest,
  reply: FastifyReply,
  { at, bytes }: { readonly at: TileAt; readonly bytes: Buffer },
): Promise<Buffer> {
  void reply
    .header('Content-Type', 'application/octet-stream')
    .header('Cache-Control', 'public, max-age=31536000, immutable');
  if (at.level !== 'entries') return bytes;
  void reply.header('Vary', 'Accept-Encoding');
  if (!takesGzip(request.headers['accept-encoding'])) return bytes;
  void reply.header('Content-Encoding', 'gzip');
  return compress(bytes);
}

/** RFC 9110 §12.5.3, as far as gzip is concerned: hashes do not compress, and bundles are small. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  const codings = String(accepted ?? '')
    .split(',')
    .map((each) =>
      each
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/),
    );
  const gzipped = codings.find(([coding]) => coding === 'gzip' || coding === 'x-gzip');
  return gzipped !== undefined && !gzipped.slice(1).some((weight) => /^q=0(\.0*)?$/.test(weight));
}

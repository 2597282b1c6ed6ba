/** `GET /checkpoint`: the newest, asked for again each time, because an old one hides what was appended since. */
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '#libs/platform/access/access.guard.js';
import { CheckpointService } from './checkpoint.service.js';

@ApiTags('log')
@Public()
@Controller()
export class CheckpointController {
  constructor(private readonly checkpoints: CheckpointService) {}

  @Get('checkpoint')
  @Header('Cache-Control', 'no-cache')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({ operationId: 'getCheckpoint', summary: 'The newest checkpoint (C2SP tlog-checkpoint).' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'A signed note: origin, size, root, signatures.' })
  newest(): Promise<string> {
    return this.checkpoints.newest();
  }
}

/** `GET /.well-known/jwks.json` and `GET /vkeys`. Kept a minute at most, because a revocation must be seen soon. */
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '#libs/platform/access/access.guard.js';
import { KeysService } from './keys.service.js';

@ApiTags('keys')
@Public()
@Controller()
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Get('.well-known/jwks.json')
  @Header('Cache-Control', 'public, max-age=60')
  @ApiOperation({
    operationId: 'getJwks',
    summary:
      'Keys of the registry with purpose, kinds of entry, the entry that published each (`fromSize`), nbf, exp and revokedAt, in seconds.',
  })
  @ApiOkResponse({ description: 'A JWK set (RFC 7517).' })
  jwks(): Promise<object> {
    return this.keys.jwks();
  }

  @Get('vkeys')
  @Header('Cache-Control', 'public, max-age=60')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    operationId: 'getVkeys',
    summary: "The log's vkey (C2SP signed-note), then its witnesses'.",
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'One vkey a line.' })
  vkeys(): Promise<string> {
    return this.keys.vkeys();
  }
}

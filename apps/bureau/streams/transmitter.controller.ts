/** `GET /.well-known/ssf-configuration`: where a bureau's software finds everything (SSF 1.0 §7). */
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '#libs/platform/access/access.guard.js';
import { BUREAU_BASE } from './streams.controller.js';
import { TransmitterConfiguration } from './streams.dto.js';

/** Injection token: the public base URL of the log, which publishes the keys. */
export const LOG_BASE = Symbol('LOG_BASE');

@ApiTags('streams')
@Public()
@Controller('.well-known')
export class TransmitterController {
  constructor(
    @Inject(BUREAU_BASE) private readonly base: string,
    @Inject(LOG_BASE) private readonly logBase: string,
  ) {}

  @Get('ssf-configuration')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ operationId: 'readTransmitter', summary: 'The transmitter, as SSF 1.0 describes one' })
  @ApiOkResponse({ type: TransmitterConfiguration })
  read(): TransmitterConfiguration {
    return {
      spec_version: '1_0',
      issuer: this.base,
      jwks_uri: `${this.logBase}/.well-known/jwks.json`,
      delivery_methods_supported: ['urn:ietf:rfc:8936'],
      configuration_endpoint: `${this.base}/v1/streams`,
      status_endpoint: `${this.base}/v1/stream-status`,
      default_subjects: 'ALL',
    };
  }
}

/** Tells a client where to get tokens for this app and how to prove possession of them (RFC 9728). */
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from './access.guard.js';
import { ProtectedResourceDto } from './protected-resource.dto.js';

/** Injection token of the metadata, made from the settings by the module. */
export const PROTECTED_RESOURCE = Symbol('PROTECTED_RESOURCE');

@ApiTags('Service')
@Public()
@Controller('.well-known/oauth-protected-resource')
export class ProtectedResourceController {
  constructor(@Inject(PROTECTED_RESOURCE) private readonly metadata: ProtectedResourceDto) {}

  @Get()
  @ApiOperation({ summary: 'Where to get tokens for this app, and how they are bound (RFC 9728)' })
  @ApiOkResponse({ type: ProtectedResourceDto })
  show(): ProtectedResourceDto {
    return this.metadata;
  }
}

/** Whether the process lives, whether it could answer now, and which version it is. */
import { readFileSync } from 'node:fs';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from './access/access.guard.js';
import { READINESS, reportOf, type Readiness } from './readiness.js';

export const version: string = (
  JSON.parse(readFileSync(packageFile(), 'utf8')) as { readonly version: string }
).version;

@ApiExcludeController()
@Public()
@Controller()
export class HealthController {
  constructor(@Inject(READINESS) private readonly readiness: Readiness) {}

  @Get('livez')
  livez(): { readonly status: 'alive' } {
    return { status: 'alive' };
  }

  @Get('readyz')
  async readyz(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const report = await reportOf(this.readiness);
    if (!report.ok) void reply.status(503).header('Retry-After', '1');
    return {
      status: report.ok ? 'ready' : 'not-ready',
      problems: report.problems,
      warnings: report.warnings ?? [],
    };
  }

  @Get('version')
  version(): { readonly version: string } {
    return { version };
  }
}

/** The sources lie two levels below package.json, the build three. */
function packageFile(): URL {
  const near = new URL('../../package.json', import.meta.url);
  return near.pathname.includes('/dist/') ? new URL('../../../package.json', import.meta.url) : near;
}

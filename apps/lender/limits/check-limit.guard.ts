/** A check counts against the quota of its lender, in memory; everything else of this app counts in the database. */
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { answerWith } from '#libs/platform/limits/standing.js';
import { CheckLimits } from './check-limits.service.js';

@Injectable()
export class CheckLimitGuard implements CanActivate {
  constructor(@Inject(CheckLimits) private readonly limits: CheckLimits) {}

  /** @throws {Problem} `too-many-requests` */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { clientId } = http.getRequest<CallerRequest>().party;
    answerWith(http.getResponse<FastifyReply>(), await this.limits.take(clientId));
    return true;
  }
}

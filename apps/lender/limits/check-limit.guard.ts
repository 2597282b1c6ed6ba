/** A check counts against the quota of its lender, in memory; everything else of this app counts in the database. */
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { answerWith } from '#libs/platform/limits/standing.js';
import { maxItems } from '../check-batches/batch-items.js';
import { CheckLimits } from './check-limits.service.js';

@Injectable()
export class CheckLimitGuard implements CanActivate {
  constructor(@Inject(CheckLimits) private readonly limits: CheckLimits) {}

  /** @throws {Problem} `too-many-requests` */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { party, body } = http.getRequest<CallerRequest>();
    answerWith(http.getResponse<FastifyReply>(), await this.limits.take(party.clientId, checksIn(body)));
    return true;
  }
}

/** A batch counts with its items, of which too many are refused later and by name. */
function checksIn(body: unknown): number {
  const { items } = (body ?? {}) as { readonly items?: unknown };
  return Array.isArray(items) ? Math.min(Math.max(items.length, 1), maxItems) : 1;
}

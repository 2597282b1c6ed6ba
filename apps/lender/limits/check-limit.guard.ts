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
    const reply = http.getResponse<FastifyReply>();
    const isBatch = isBatchBody(body);
    const closed = isBatch ? undefined : this.limits.closedFor(party.clientId);
    // Of a batch each item says so, because the day may end or the ceiling be reached while it is worked on.
    answerWith(reply, closed ?? (await this.limits.take(party.clientId, checksIn(body))));
    return true;
  }
}

/** A batch counts with its items, of which too many are refused later and by name. */
function checksIn(body: unknown): number {
  return isBatchBody(body) ? Math.min(Math.max(body.items.length, 1), maxItems) : 1;
}

function isBatchBody(body: unknown): body is { readonly items: readonly unknown[] } {
  return Array.isArray((body as { readonly items?: unknown } | null | undefined)?.items);
}

/** The scope `loans` counts for lenders, too, and what they report belongs to their own app. */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { Problem } from '#libs/problem/problem.js';

@Injectable()
export class BureausOnlyGuard implements CanActivate {
  /** @throws {Problem} `not-permitted` */
  canActivate(context: ExecutionContext): boolean {
    const { party } = context.switchToHttp().getRequest<CallerRequest>();
    if (party.party.kind !== 'bureau') throw new Problem('not-permitted');
    return true;
  }
}

/**
 * Which scope a route asks for. A scope counts only with the party's kind; a route that declares none lets nobody in.
 */
import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '#libs/problem/problem.js';
import { isPublic, type CallerRequest } from './access.guard.js';

const requiredScope = 'tyiym:scope';

/** The route, or all of a controller, needs this scope; `any`: whichever one the caller has. */
export const RequireScope = (scope: string): MethodDecorator & ClassDecorator =>
  SetMetadata(requiredScope, scope);

@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  /** @throws {Problem} `not-permitted` */
  canActivate(context: ExecutionContext): boolean {
    if (isPublic(this.reflector, context)) return true;
    const required = this.reflector.getAllAndOverride<string | undefined>(requiredScope, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { scopes } = context.switchToHttp().getRequest<CallerRequest>().party;
    const isPermitted = required === 'any' ? scopes.size > 0 : required !== undefined && scopes.has(required);
    if (!isPermitted) throw new Problem('not-permitted');
    return true;
  }
}

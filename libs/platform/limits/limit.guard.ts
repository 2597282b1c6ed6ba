/**
 * Every route of a known party is limited unless it says otherwise: what only reads by `reads`, the rest by `acts`. It
 * runs after the guards that find out who calls, so that nobody uses up a party's calls by naming it.
 */
import {
  applyDecorators,
  Inject,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { isPublic, type CallerRequest } from '../access/access.guard.js';
import type { Listeners } from '../access/mtls.js';
import { CallLimits } from './call-limits.service.js';
import { callerAddress } from './caller-address.js';
import { answerWith, type Standing } from './standing.js';

/** Injection token of the app's `Listeners`. */
export const LISTENERS = Symbol('LISTENERS');

const limitedBy = 'tyiym:limited-by';
type LimitedBy = 'reads' | 'acts' | 'address' | 'itself';

/** Which limit a route falls under, where its method does not say: `itself` when a guard of its own counts. */
export const LimitedBy = (what: LimitedBy): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(limitedBy, what), ApiExtension('x-limited', true));

@Injectable()
export class LimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(CallLimits) private readonly limits: CallLimits,
    @Inject(LISTENERS) private readonly listeners: Listeners,
  ) {}

  /** @throws {Problem} `too-many-requests` */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const said = this.reflector.getAllAndOverride<LimitedBy | undefined>(limitedBy, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (said === 'itself' || (said === undefined && isPublic(this.reflector, context))) return true;
    const http = context.switchToHttp();
    const standing = await this.count(http.getRequest<CallerRequest>(), said);
    answerWith(http.getResponse<FastifyReply>(), standing);
    return true;
  }

  private count(request: CallerRequest, said: Exclude<LimitedBy, 'itself'> | undefined): Promise<Standing> {
    if (said === 'address') {
      const forwardedFor = request.headers['x-forwarded-for'];
      const address = callerAddress({ socket: request.raw.socket, forwardedFor }, this.listeners);
      return this.limits.takeAddress(address);
    }
    return this.limits.take(said ?? (request.method === 'GET' ? 'reads' : 'acts'), request.party.clientId);
  }
}

/**
 * Every route of a known party is limited unless it says otherwise: what only reads by `reads`, the rest by `acts`. A
 * call is counted once it is known who calls, so that nobody uses up a party's calls by naming it, and before its body
 * is read.
 */
import { applyDecorators, Inject, Injectable } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.js';
import type { Listeners } from '../access/mtls.js';
import { tellRoute, type LimitName } from '../route.js';
import { CallLimits } from './call-limits.service.js';
import { callerAddress } from './caller-address.js';
import { answerWith, type Standing } from './standing.js';

/** Injection token of the app's `Listeners`. */
export const LISTENERS = Symbol('LISTENERS');

/** Which limit a route falls under, where its method does not say: `itself` when a guard of its own counts. */
export const LimitedBy = (what: LimitName): MethodDecorator & ClassDecorator =>
  applyDecorators(tellRoute({ limitedBy: what }), ApiExtension('x-limited', true));

@Injectable()
export class LimitGuard {
  constructor(
    @Inject(CallLimits) private readonly limits: CallLimits,
    @Inject(LISTENERS) private readonly listeners: Listeners,
  ) {}

  /** Fastify's `onRequest`, behind the access guard: counts the call, tells where the caller stands, or ends it. */
  onRequest(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { access, limitedBy } = request.routeOptions.config;
    const isFree = limitedBy === undefined && access === 'public';
    if (isFree || limitedBy === 'itself' || request.is404) return done();
    this.standing(request, limitedBy)
      .then((standing) => answerWith(reply, standing))
      .then(() => done(), done);
  }

  private standing(
    request: FastifyRequest,
    what: Exclude<LimitName, 'itself'> | undefined,
  ): Promise<Standing> {
    if (what === 'address') {
      const forwardedFor = request.headers['x-forwarded-for'];
      const address = callerAddress({ socket: request.raw.socket, forwardedFor }, this.listeners);
      return this.limits.takeAddress(address);
    }
    const { clientId } = (request as FastifyRequest & { readonly party: Caller }).party;
    return this.limits.take(what ?? (request.method === 'GET' ? 'reads' : 'acts'), clientId);
  }
}

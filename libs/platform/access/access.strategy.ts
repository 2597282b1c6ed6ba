/**
 * The passport strategy of the parties: stateless, it reads a request and says who calls. All rules are in caller.ts.
 */
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import type { Clock } from '../clock.js';
import { authenticate, type Caller, type CallerChecks } from './caller.js';
import { AccessRefused } from './refused.js';

/** Injection token of `CallerChecks`. */
export const CALLER_CHECKS = Symbol('CALLER_CHECKS');
/** Injection token of the machine clock used for tokens and proofs. */
export const ACCESS_CLOCK = Symbol('ACCESS_CLOCK');

type Done = (error: unknown, caller?: Caller) => void;

/** The name under which the strategy of the app with this audience is known to passport, which is one per process. */
function strategyName(audience: string): string {
  return `party of ${audience}`;
}

/** The thinnest strategy passport allows: a function of the request. */
class RequestStrategy extends passport.Strategy {
  override name: string;

  constructor(
    name: string,
    private readonly verify: (request: FastifyRequest, done: Done) => void,
  ) {
    super();
    this.name = name;
  }

  override authenticate(request: unknown): void {
    this.verify(request as FastifyRequest, (error, caller) => {
      if (caller === undefined || caller === null) this.error(error ?? new AccessRefused());
      else this.success(caller);
    });
  }
}

@Injectable()
export class AccessStrategy extends PassportStrategy(RequestStrategy) {
  constructor(
    @Inject(CALLER_CHECKS) private readonly checks: CallerChecks,
    @Inject(ACCESS_CLOCK) private readonly clock: Clock,
  ) {
    super(strategyName(checks.listeners.plain.publicBase));
  }

  validate(request: FastifyRequest): Promise<Caller> {
    const { authorization, dpop } = request.headers;
    const presented = {
      method: request.method,
      url: request.originalUrl,
      socket: request.raw.socket,
      authorization,
      dpop,
      clientCert: request.headers['client-cert'],
    };
    return authenticate(presented, this.checks, this.clock());
  }
}

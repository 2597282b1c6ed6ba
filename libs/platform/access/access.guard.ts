/**
 * Every route needs a verified caller unless it says `@Public()`, so that a forgotten decorator closes a route and
 * never opens it. The caller is judged once and before a byte of the body is read, because a body costs more than a
 * stranger may cost. A refused caller is told by `WWW-Authenticate` what to bring (RFC 9449 §7.1, RFC 9728 §5.1).
 */
import { applyDecorators, Inject, Injectable } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import passport from 'passport';
import { callerIsKnown } from '../connections.js';
import { tellRoute } from '../route.js';
import { AccessStrategy } from './access.strategy.js';
import type { Caller } from './caller.js';
import { AccessRefused } from './refused.js';
import { mustBePermitted } from './scope.guard.js';

/** A request that passed the guard. */
export interface CallerRequest extends FastifyRequest {
  readonly party: Caller;
}

/** Injection token: the URL of our RFC 9728 metadata. */
export const RESOURCE_METADATA_URL = Symbol('RESOURCE_METADATA_URL');

/** The route, or all of a controller, is for anyone; nothing about the caller is known in it. */
export const Public = (): MethodDecorator & ClassDecorator =>
  applyDecorators(tellRoute({ access: 'public' }), ApiExtension('x-public', true));

type Done = (error?: Error) => void;
type Authenticate = (request: FastifyRequest, reply: FastifyReply, done: (error?: unknown) => void) => void;

@Injectable()
export class AccessGuard {
  private readonly authenticate: Authenticate;

  constructor(
    @Inject(AccessStrategy) strategy: AccessStrategy,
    @Inject(RESOURCE_METADATA_URL) private readonly metadataUrl: string,
  ) {
    const options = { session: false, assignProperty: 'party', authInfo: false };
    this.authenticate = passport.authenticate(strategy.name, options) as Authenticate;
  }

  /** Fastify's `onRequest`: token, possession, party, scope; whatever does not hold ends the request. */
  onRequest(request: FastifyRequest, reply: FastifyReply, done: Done): void {
    const { access } = request.routeOptions.config;
    // What names no route is answered as such before its body is read: see bodies.ts.
    if (request.is404 || access === 'public') return done();
    this.authenticate(request, reply, (error) => {
      try {
        if (error !== undefined && error !== null) throw error;
        callerIsKnown(request.raw.socket);
        mustBePermitted(access, (request as CallerRequest).party);
      } catch (refused) {
        if (refused instanceof AccessRefused) void reply.header('WWW-Authenticate', this.challenge(refused));
        return done(refused as Error);
      }
      done();
    });
  }

  private challenge(refused: AccessRefused): string {
    const error = refused.challenge === undefined ? [] : [`error="${refused.challenge}"`];
    return `DPoP ${[...error, 'algs="ES256 PS256"', `resource_metadata="${this.metadataUrl}"`].join(', ')}`;
  }
}

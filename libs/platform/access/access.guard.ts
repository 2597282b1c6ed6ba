/**
 * Every route needs a verified caller unless it says `@Public()`, so that a forgotten decorator closes a route and
 * never opens it. A refused caller is told by `WWW-Authenticate` what to bring (RFC 9449 §7.1, RFC 9728 §5.1).
 */
import { applyDecorators, Inject, Injectable, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, AuthModuleOptions } from '@nestjs/passport';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';
import { AccessRefused } from './refused.js';

/** A request that passed the guard. */
export interface CallerRequest extends FastifyRequest {
  readonly party: Caller;
}

/** Injection token: the URL of our RFC 9728 metadata. */
export const RESOURCE_METADATA_URL = Symbol('RESOURCE_METADATA_URL');

const publicRoute = 'tyiym:public';

/** The route, or all of a controller, is for anyone; nothing about the caller is known in it. */
export const Public = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(publicRoute, true), ApiExtension('x-public', true));

/** Whether the handler, or its controller, is `@Public()`. */
export function isPublic(reflector: Reflector, context: ExecutionContext): boolean {
  return (
    reflector.getAllAndOverride<boolean | undefined>(publicRoute, [
      context.getHandler(),
      context.getClass(),
    ]) === true
  );
}

@Injectable()
export class AccessGuard extends AuthGuard() {
  constructor(
    options: AuthModuleOptions,
    private readonly reflector: Reflector,
    @Inject(RESOURCE_METADATA_URL) private readonly metadataUrl: string,
  ) {
    super(options);
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isPublic(this.reflector, context)) return true;
    return (await super.canActivate(context)) === true;
  }

  override handleRequest<TUser>(
    error: unknown,
    caller: TUser,
    _info: unknown,
    context: ExecutionContext,
  ): TUser {
    if (error === null || error === undefined) return caller;
    if (error instanceof AccessRefused)
      void context
        .switchToHttp()
        .getResponse<FastifyReply>()
        .header('WWW-Authenticate', this.challenge(error));
    throw error;
  }

  private challenge(refused: AccessRefused): string {
    const error = refused.challenge === undefined ? [] : [`error="${refused.challenge}"`];
    return `DPoP ${[...error, 'algs="ES256 PS256"', `resource_metadata="${this.metadataUrl}"`].join(', ')}`;
  }
}

/**
 * The signature that a phone brings is read only from a phone that was given its token: the hash of the token is looked
 * up before a byte of the body.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { tellRoute } from '#libs/platform/route.js';
import { PhoneService } from './phone.service.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly needsPhoneToken?: boolean;
  }
}

/** The route takes a body from a phone whose token names the application in its path. */
export const NeedsPhoneToken = (): MethodDecorator => tellRoute({ needsPhoneToken: true });

@Injectable()
export class PhoneTokenGuard {
  constructor(@Inject(PhoneService) private readonly phone: PhoneService) {}

  /** Wires it in, behind the hook that counts by address. */
  guard(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      if (request.is404 || request.routeOptions.config.needsPhoneToken !== true) return done();
      const { applicationId } = request.params as { readonly applicationId: string };
      this.phone.mustBeKnown(applicationId, request.headers.authorization).then(() => done(), done);
    });
  }
}

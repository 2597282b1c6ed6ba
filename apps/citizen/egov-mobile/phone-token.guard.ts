/**
 * The signature that a phone brings is read only from a phone that was given its token: the hash of the token is looked
 * up before a byte of the body. What a phone asks below its address and is not there is answered in its protocol, too.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { tellRoute } from '#libs/platform/route.js';
import { phoneRefusal } from './phone-words.js';
import { PhoneService } from './phone.service.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly needsPhoneToken?: boolean;
  }
}

/** The route takes a body from a phone whose token names the application in its path. */
export const NeedsPhoneToken = (): MethodDecorator => tellRoute({ needsPhoneToken: true });

/** A phone that goes to an address below ours that leads nowhere; other methods than its two are nobody's. */
function isOfPhone({ method, url }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'PUT') && url.startsWith('/egov-mobile/');
}

@Injectable()
export class PhoneTokenGuard {
  constructor(@Inject(PhoneService) private readonly phone: PhoneService) {}

  /** Wires it in, behind the hook that counts by address. */
  guard(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (request.is404 && isOfPhone(request)) {
        const { status, body } = phoneRefusal({ code: 'not-permitted' }, request.headers);
        return void reply.status(status).send(body);
      }
      if (request.is404 || request.routeOptions.config.needsPhoneToken !== true) return done();
      const { applicationId } = request.params as { readonly applicationId: string };
      this.phone.mustBeKnown(applicationId, request.headers.authorization).then(() => done(), done);
    });
  }
}

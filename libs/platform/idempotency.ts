/** Calls that are done once a key: the header in the contract, the key and the body's HMAC of a call, the replay's header. */
import { createHmac } from 'node:crypto';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem, problemAt } from '#libs/problem/problem.js';
import { looksLikeIin } from '#libs/subject/holds-iin.js';

/** A request as idempotency sees it. */
export interface IdempotentRequest {
  readonly key: string;
  /** HMAC-SHA-256 of the raw body. */
  readonly bodyHmac: Buffer;
}

/** Says in the contract that a route needs `Idempotency-Key`; the route does its act through `Idempotency.once`. */
export const Idempotent = (): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    schema: { type: 'string', pattern: '^[!-~]{8,64}$' },
  });

/** How a process's routes do their acts once a key. */
export class Idempotency {
  constructor(private readonly secret: Buffer) {}

  /**
   * Hands an act the key and the body's HMAC, and says in a header when its answer had been given before.
   * @throws Problem as `idempotentRequest`, and what the act throws
   */
  async once<T extends { readonly isReplay: boolean }>(
    request: FastifyRequest,
    reply: FastifyReply,
    act: (idempotent: IdempotentRequest) => Promise<T>,
  ): Promise<T> {
    const done = await act(idempotentRequest(request, this.secret));
    if (done.isReplay) void reply.header('Idempotent-Replayed', 'true');
    return done;
  }
}

/**
 * The key of a request and the HMAC of its raw body: bodies may hold an IIN, so no plain hash of them is kept.
 * @throws Problem `request-malformed` unless the header is there once, with 8–64 visible ASCII characters;
 *   `reference-holds-iin` when it holds what may be anybody's number
 */
function idempotentRequest(request: FastifyRequest, secret: Buffer): IdempotentRequest {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || !/^[\x21-\x7e]{8,64}$/.test(key))
    throw new Problem('request-malformed', {
      errors: [
        { pointer: 'Idempotency-Key', code: key === undefined ? 'header-missing' : 'header-malformed' },
      ],
    });
  if (looksLikeIin(key)) throw problemAt('Idempotency-Key', 'reference-holds-iin');
  return {
    key,
    bodyHmac: createHmac('sha256', secret)
      .update(request.rawBody ?? '')
      .digest(),
  };
}

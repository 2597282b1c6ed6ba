/** The `Idempotency-Key` header and what bodies are compared by. */
import { createHmac } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem, problemAt } from '#libs/problem/problem.js';
import { looksLikeIin } from '#libs/subject/holds-iin.js';

/** A request as idempotency sees it. */
export interface IdempotentRequest {
  readonly key: string;
  /** HMAC-SHA-256 of the raw body. */
  readonly bodyHmac: Buffer;
}

/**
 * The key of a request and the HMAC of its raw body: bodies may hold an IIN, so no plain hash of them is kept.
 * @throws Problem `request-malformed` unless the header is there once, with 8–64 visible ASCII characters;
 *   `reference-holds-iin` when it holds what may be anybody's number
 */
export function idempotentRequest(request: FastifyRequest, secret: Buffer): IdempotentRequest {
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

/**
 * How many bytes of bodies one party may have in the memory of a process, whatever addresses and certificates it calls
 * from. They count from before the first byte is read until the answer has left: as many as the call announces, or as
 * its route allows where it announces none. Who is no party is bounded by its address: see in-flight.ts.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter } from 'prom-client';
import { Problem } from '#libs/problem/problem.js';
import type { CallerRequest } from '../access/access.guard.js';
import { metrics } from '../metrics.js';
import { hasBody } from '../unread-bodies.js';
import { Shares } from './shares.js';

const bodiesRefused = new Counter({
  name: 'tyiym_body_bytes_refused_total',
  help: 'Calls refused because as many bytes of bodies of the same party were in memory.',
  registers: [metrics],
});

export class BodyBytes {
  private readonly shares: Shares;

  /** @param most of one party, no less than the largest body of a route */
  constructor(most: number) {
    this.shares = new Shares(most);
  }

  /** Counts the body of a call that may be read. @returns why it is not read, `too-many-requests` */
  refusalOf(request: FastifyRequest, reply: FastifyReply): Problem | undefined {
    const { party } = request as Partial<CallerRequest>;
    const { body } = request.routeOptions.config;
    const { headers } = request.raw;
    if (party === undefined || body === undefined || !hasBody(headers)) return undefined;
    const bytes = Number(headers['content-length'] ?? body.bytes);
    if (this.shares.take(party.clientId, bytes, request.raw, reply.raw)) return undefined;
    bodiesRefused.inc();
    return new Problem('too-many-requests', { retryAfterS: 1 });
  }
}

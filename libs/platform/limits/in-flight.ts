/**
 * How many calls of one caller a process works on at a time, counted before token, proof or body are looked at. Only its
 * holder can fill a share: it belongs to the certificate of the connection, which the caller has proven, or else to the
 * network address together with the client that the unverified token names; naming a bank from elsewhere fills another
 * share. A call weighs as much as the body that its route may bring.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { Problem } from '#libs/problem/problem.js';
import { listenerOf, presentedCertificate } from '../access/mtls.js';
import { metrics } from '../metrics.js';
import { callerAddress, type Ways } from './caller-address.js';
import { Shares } from './shares.js';

const callsRefused = new Counter({
  name: 'tyiym_in_flight_refused_total',
  help: 'Calls refused because as many of the same caller were under way.',
  registers: [metrics],
});

/** A call weighs one for each of these bytes, begun or whole. */
const bytesOfOne = 65_536;

/** What is under way, by who holds the share. */
export class InFlight {
  private readonly shares: Shares;
  private readonly clients = new LRUCache<string, string>({ max: 1000 });

  /** @param most weight of the calls of one holder */
  constructor(
    private readonly ways: Ways,
    most: number,
  ) {
    this.shares = new Shares(most);
  }

  /** Takes the weight until the response is closed, or its connection. False: as much is under way already. */
  take(request: IncomingMessage, response: ServerResponse, weight: number): boolean {
    return this.shares.take(this.holderOf(request), weight, request, response);
  }

  /** Whose share it counts against. */
  holderOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    const certificate = presentedCertificate(listenerOf(socket, this.ways), socket, headers['client-cert']);
    if (certificate !== undefined) return certificate;
    const address = callerAddress({ socket, forwardedFor: headers['x-forwarded-for'] }, this.ways);
    return `${address} ${this.clientNamedBy(headers.authorization)}`;
  }

  /** The same token comes with each call for minutes. */
  private clientNamedBy(authorization: string | undefined): string {
    if (authorization === undefined) return '';
    const known = this.clients.get(authorization) ?? clientIn(authorization);
    this.clients.set(authorization, known);
    return known;
  }
}

/** Weighs and counts the calls of an app, and refuses with 429 what is too much. */
export function limitInFlight(fastify: FastifyInstance, ways: Ways, most: number): void {
  const inFlight = new InFlight(ways, most);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { body } = request.routeOptions.config;
    const weight = body === undefined ? 1 : Math.ceil(body.bytes / bytesOfOne);
    if (inFlight.take(request.raw, reply.raw, weight)) return done();
    callsRefused.inc();
    done(new Problem('too-many-requests', { retryAfterS: 1 }));
  });
}

/** `client_id` of a token that nobody has verified; empty when there is none. */
function clientIn(authorization: string): string {
  const payload = /^\S+ +[^.]*\.([A-Za-z0-9_-]+)\./.exec(authorization)?.[1];
  if (payload === undefined) return '';
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { client_id?: unknown };
    return typeof claims?.client_id === 'string' ? claims.client_id.slice(0, 64) : '';
  } catch {
    return '';
  }
}

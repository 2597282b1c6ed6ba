/**
 * Bodies are strict JSON within the bounds that each route states. What the headers alone show to be wrong is refused
 * before a byte is read; what may be read is invited by `100 Continue` only then.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '#libs/problem/problem.js';
import type { CallerRequest } from './access/access.guard.js';
import type { BodyBytes } from './limits/body-bytes.js';
import { isOfType } from './media-type.js';
import { knownMethods } from './methods.js';
import { hasBody, invite, lingerOverUnread } from './unread-bodies.js';
import { faultOf } from './strict-json.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, for idempotency. */
    rawBody?: Buffer;
  }
}

const methodsWithBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const json = 'application/json';

/** Wires it in; before any route is registered. @param bodyBytes what each party may have in memory */
export function onlyStrictJson(fastify: FastifyInstance, bodyBytes: BodyBytes): void {
  const methods = knownMethods(fastify);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(json, { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    request.rawBody = bytes;
    try {
      done(null, parsed(bytes, request));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addHook('onRoute', (route) => {
    const { body } = route.config ?? {};
    if (body !== undefined) route.bodyLimit = body.bytes;
    else if ([route.method].flat().some((method) => methodsWithBody.has(method)))
      throw new Error(`${route.url} does not say how large its body may be: @TakesBody(bytes)`);
  });
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const allowed = request.is404 ? methods.of(pathOf(request)) : [];
    if (allowed.length > 0) void reply.header('Allow', allowed.join(', '));
    const refused =
      allowed.length > 0
        ? new Problem('method-not-allowed')
        : (refusalOf(request) ?? bodyBytes.refusalOf(request, reply));
    if (refused === undefined) invite(request, reply);
    else if (refused.code === 'media-type-not-supported') void reply.header('Accept-Encoding', 'identity');
    done(refused ?? null, payload);
  });
  lingerOverUnread(fastify);
}

/** @throws {Problem} `request-malformed` with the fault */
function parsed(bytes: Buffer, request: FastifyRequest): unknown {
  const fault = faultOf(bytes, request.routeOptions.config.body);
  if (fault !== undefined) throw malformed('', fault);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw malformed('', 'json-malformed');
  }
}

/** Why the body is not read: nobody may call, or the headers say that it will not do. */
function refusalOf(request: FastifyRequest): Problem | undefined {
  if (request.is404) return new Problem('not-found');
  const { access, body, mediaType = json } = request.routeOptions.config;
  // No hook may have let a stranger pass, whatever the app and whatever was forgotten in it.
  if (access !== 'public' && (request as Partial<CallerRequest>).party === undefined)
    return new Problem('not-permitted');
  const { headers } = request.raw;
  if (!hasBody(headers)) return undefined;
  if (body === undefined || Number(headers['content-length'] ?? 0) > body.bytes)
    return new Problem('payload-too-large');
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    return new Problem('media-type-not-supported');
  return isOfType(headers['content-type'], mediaType) ? undefined : new Problem('media-type-not-supported');
}

function pathOf({ raw }: FastifyRequest): string {
  return (raw.url ?? '').split('?', 1)[0] ?? '';
}

/** @param pointer a header, or '' for the whole body */
export function malformed(pointer: string, code: string): Problem {
  return new Problem('request-malformed', { errors: [{ pointer, code }] });
}

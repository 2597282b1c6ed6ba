/**
 * How the outside world meets HTTP: small strict bodies (JSON or a form of one value a name), errors as `{error}` or as
 * a page for a browser, and nothing of a request repeated in an answer or a log.
 */
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { isUtf8 } from 'node:buffer';
import { isOfType } from '#libs/platform/media-type.js';
import { faultOf } from '#libs/platform/strict-json.js';
import { html, sendPage } from './page.js';
import { Refused } from './refused.js';

const maxBodyBytes = 16 * 1024;
const jsonType = 'application/json';
const formType = 'application/x-www-form-urlencoded';

/** An empty server with those manners. */
export function createServer(): FastifyInstance {
  const app = Fastify({
    logger: false,
    // What a GET of the outside does (a code of the sign-in) would be done for nothing.
    exposeHeadRoutes: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    // The defaults drop unknown members and turn "3" into 3; a sender should learn of both.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (_error, request, reply) => answer(request, reply, 400, 'the address is malformed'),
  });
  app.removeAllContentTypeParsers();
  const readers = { [jsonType]: readJson, [formType]: readForm };
  for (const [type, read] of Object.entries(readers))
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      try {
        if (!isOfType(request.headers['content-type'], type)) throw new Refused(415, 'send UTF-8');
        done(null, read(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    });
  app.addHook('onRequest', async (request, reply) => {
    assertSameOrigin(request);
    void reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  });
  app.setNotFoundHandler((request, reply) => answer(request, reply, 404, 'there is nothing here'));
  app.setErrorHandler(answerError);
  return app;
}

/** JSON schema of an object with exactly these members. */
export function exactly(properties: Record<string, object>): object {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

/** JSON schema of a text that is not empty. */
export function text(maxLength: number): object {
  return { type: 'string', minLength: 1, maxLength };
}

/** Whether a page of ours sent it, which is answered with a page. */
export function isForm(request: FastifyRequest): boolean {
  return request.headers['content-type']?.startsWith(formType) === true;
}

/** As strict as the registry reads, or a fault would be found only there. @throws Refused 400 */
function readJson(bytes: Buffer): unknown {
  const fault = faultOf(bytes);
  if (fault !== undefined) throw new Refused(400, `the body is malformed (${fault})`);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new Refused(400, 'the body is malformed (json-malformed)');
  }
}

function readForm(bytes: Buffer): Record<string, string> {
  if (!isUtf8(bytes)) throw new Refused(400, 'the body is malformed (text-not-utf8)');
  return formMembers(new URLSearchParams(bytes.toString()));
}

/** @throws Refused 400 when a name comes twice: which of the two was meant is a guess. */
export function formMembers(parameters: URLSearchParams): Record<string, string> {
  const members = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (members.has(name)) throw new Refused(400, 'a member comes twice');
    members.set(name, value);
  }
  return Object.fromEntries(members);
}

/** Other sites must not press our buttons: a browser names the page that sends, other programs name none. */
function assertSameOrigin({ method, headers }: FastifyRequest): void {
  const { origin, host } = headers;
  if (method === 'GET' || method === 'HEAD' || origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host)
    throw new Refused(403, 'sent by a page of another site');
}

const knownFailures: Readonly<Record<string, readonly [number, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'the body is too large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'send application/json'],
};

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refused) return answer(request, reply, error.status, error.message);
  const [problem] = error.validation ?? [];
  // The path names only members of our own schema, because nothing else is descended into.
  if (problem !== undefined)
    return answer(
      request,
      reply,
      400,
      `malformed: ${problem.instancePath || 'the members'} (${problem.keyword})`,
    );
  const [status, message] = knownFailures[error.code] ?? [];
  if (status !== undefined && message !== undefined) return answer(request, reply, status, message);
  if (error.statusCode !== undefined && error.statusCode < 500)
    return answer(request, reply, error.statusCode, 'the request is malformed');
  // Where, and not what: a message may repeat what was sent.
  console.error(
    `outside world: ${error.name}\n${(error.stack ?? '').split('\n').filter(isFrame).join('\n')}`,
  );
  return answer(request, reply, 500, 'failed');
}

function isFrame(line: string): boolean {
  return line.startsWith('    at ');
}

function answer(request: FastifyRequest, reply: FastifyReply, status: number, message: string): FastifyReply {
  void reply.code(status);
  const reads = request.headers.accept?.startsWith('text/html') === true;
  if (!reads) return reply.send({ error: message });
  return sendPage(reply, 'Not done', html`<p role="alert">${message}</p>`);
}

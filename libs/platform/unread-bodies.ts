/**
 * An answer that is given before the body was read. A socket closed with unread bytes in it is reset, and a reset takes
 * the answer away from a client that was still sending; so the answer leaves at once and whole, a bounded rest of the
 * body is read and dropped, and what is longer or slower than that ends the connection after a while.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** So much is read for nothing: several times what an unread check or signature has. */
const drainedBytes = 256 * 1024;
/** Beyond that nothing is read; so long the client has to read its answer. */
const lingerMs = 2_000;

/** Requests that were told `100 Continue`; others that ask for it send nothing until then. */
const invited = new WeakSet<IncomingMessage>();

/** Whether the request announces a body. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/** Lets a client that asked whether to send its body send it. */
export function invite(request: FastifyRequest, reply: FastifyReply): void {
  if (request.raw.headers.expect === undefined) return;
  invited.add(request.raw);
  reply.raw.writeContinue();
}

/** Wires it in, as the first of the hooks that see an answer leave. */
export function lingerOverUnread(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const { raw } = request;
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (raw.complete || !isWhole || !hasBody(raw.headers) || !isSending(raw)) return done(null, payload);
    const answer = Buffer.from(payload);
    void reply.header('Content-Length', answer.length);
    // Said where it is known already, because some clients go on sending unless they are told.
    if (Number(raw.headers['content-length'] ?? 0) > drainedBytes) void reply.header('Connection', 'close');
    done(null, Readable.from(answerThenWait(raw, answer), { objectMode: false }));
  });
}

function isSending(raw: IncomingMessage): boolean {
  return raw.headers.expect === undefined || invited.has(raw);
}

async function* answerThenWait(raw: IncomingMessage, answer: Buffer): AsyncGenerator<Buffer> {
  yield answer;
  await restOf(raw);
}

/** Resolves when all of the body has come, or the connection is gone. */
function restOf(raw: IncomingMessage): Promise<void> {
  if (raw.complete || raw.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let left = drainedBytes;
    const timer = setTimeout(() => raw.socket.destroy(), lingerMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    raw.once('end', end).once('close', end).once('error', end);
    raw.on('data', ({ length }: Buffer) => {
      left -= length;
      if (left < 0) raw.pause();
    });
  });
}

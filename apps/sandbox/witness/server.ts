/** The witness on HTTP: `POST /add-checkpoint`, its vkey and what it cosigned. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Witness } from './witness.js';

export interface ServerParts {
  readonly witness: Witness;
  readonly vkey: string;
  /** Looks at the world's clock again; the sandbox's clock asks for it before it answers. */
  readonly followClock: () => Promise<void>;
}

/** 63 hashes and a checkpoint with a hundred signatures are a sixth of this. */
const maxBodyBytes = 64 * 1024;
const text = 'text/plain; charset=utf-8';

export function createServer({ witness, vkey, followClock }: ServerParts): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: maxBodyBytes, forceCloseConnections: true });
  // The specification names no media type for the request, so every one will do.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post('/add-checkpoint', (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { status, body: answer, type } = witness.add(body);
    return reply.code(status).type(type).send(answer);
  });
  app.post('/sandbox/clock', async (_request, reply) => {
    await followClock();
    return reply.code(204).send();
  });
  app.get('/vkey', (_request, reply) => reply.type(text).send(`${vkey}\n`));
  app.get('/', () => ({ vkey, cosigned: witness.state }));
  app.get('/livez', () => ({ ok: true }));
  app.get('/readyz', () => ({ ok: true }));
  return app;
}

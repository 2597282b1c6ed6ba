/** The witness on HTTP: `POST /add-checkpoint`, its vkey, what it cosigned, and under `/mirror` what its mirror copied. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Mirror } from './mirror.js';
import type { Witness } from './witness.js';

export interface ServerParts {
  readonly witness: Witness;
  readonly vkey: string;
  readonly mirror?: Mirror;
  /** Looks at the world's clock again; the sandbox's clock asks for it before it answers. */
  readonly followClock: () => Promise<void>;
}

/** 63 hashes and a checkpoint with a hundred signatures are a sixth of this. */
const maxBodyBytes = 64 * 1024;
const text = 'text/plain; charset=utf-8';

export function createServer({ witness, vkey, mirror, followClock }: ServerParts): FastifyInstance {
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
  app.get('/', () => ({ vkey, cosigned: witness.state, ...(mirror && { mirror: mirror.state }) }));
  app.get('/livez', () => ({ ok: true }));
  // A mirror that refuses the log does not stop the witness: cosigning is what tells two histories apart.
  app.get('/readyz', () => ({ ok: true }));
  app.get<{ Params: { '*': string } }>('/mirror/*', (request, reply) => {
    const path = request.params['*'];
    const file = mirror?.fileOf(path);
    if (file === undefined) return reply.code(404).type(text).send('not copied here\n');
    return reply.type(path === 'checkpoint' ? text : 'application/octet-stream').send(file);
  });
  return app;
}

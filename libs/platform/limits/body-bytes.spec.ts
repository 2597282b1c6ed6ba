import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { problemKinds } from '#libs/problem/catalogue.js';
import type { Problem } from '#libs/problem/problem.js';
import { onlyStrictJson } from '../bodies.js';
import { BodyBytes } from './body-bytes.js';

const most = 1000;
const waiting: (() => void)[] = [];
const tell = (): void => waiting.splice(0).forEach((resolve) => resolve());
let fastify: FastifyInstance;
/** Calls whose body may be read. */
let reading = 0;
afterEach(async () => {
  tell();
  reading = 0;
  await fastify.close();
});

/** Routes that answer when they are told to; a caller is whom its header names. */
async function serve(): Promise<string> {
  fastify = Fastify({ forceCloseConnections: true });
  fastify.setErrorHandler((error, _request, reply) => {
    const { code, retryAfterS } = error as Problem;
    return reply.status(problemKinds[code].status).headers({ 'Retry-After': retryAfterS }).send();
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const clientId = request.headers['party'];
    if (clientId !== undefined) Object.assign(request, { party: { clientId } });
    done();
  });
  onlyStrictJson(fastify, new BodyBytes(most));
  fastify.addHook('preParsing', (_request, _reply, payload, done) => {
    reading += 1;
    done(null, payload);
  });
  const untilTold = (): Promise<string> => new Promise((resolve) => waiting.push(() => resolve('done')));
  for (const access of ['public', { scope: 'any' }] as const)
    fastify.post(
      access === 'public' ? '/public' : '/',
      { config: { access, body: { bytes: 600 } } },
      untilTold,
    );
  return fastify.listen({ port: 0, host: '127.0.0.1' });
}
const heard = async (count: number): Promise<void> => {
  while (waiting.length < count) await new Promise(setImmediate);
};

const read = async (count: number): Promise<void> => {
  while (reading < count) await new Promise(setImmediate);
};

describe('the bytes of the bodies of a party', () => {
  const sent = (url: string, party: string | undefined, bytes: number) =>
    fetch(url, {
      ...{ method: 'POST', body: `"${'x'.repeat(bytes - 2)}"` },
      headers: { 'Content-Type': 'application/json', ...(party !== undefined && { party }) },
    });

  it('are refused beyond its share, with a time to come back, until an answer has left; those of another are not', async () => {
    const url = await serve();
    const under = [sent(url, 'a', 600), sent(url, 'a', 400)];
    await heard(2);
    const refused = await sent(url, 'a', 2);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    const other = sent(url, 'b', 600);
    await heard(3);
    tell();
    for (const each of [...under, other]) expect((await each).status).toBe(200);
    const again = sent(url, 'a', 600);
    await heard(1);
    tell();
    expect((await again).status).toBe(200);
  });

  it('count before they have come, as many as the route allows where the call announces none, until it is cut', async () => {
    const url = await serve();
    const served = once(fastify.server, 'connection') as Promise<[Socket]>;
    const { port } = fastify.server.address() as AddressInfo;
    const slow = connect(port, '127.0.0.1');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nParty: a\r\nContent-Type: application/json\r\n';
    slow.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    await read(1);
    expect((await sent(url, 'a', 401)).status).toBe(429);
    const small = sent(url, 'a', 400);
    await heard(1);
    const [socket] = await served;
    const isCut = new Promise((resolve) => socket.once('close', resolve));
    slow.destroy();
    await isCut;
    const large = sent(url, 'a', 600);
    await heard(2);
    tell();
    expect([(await small).status, (await large).status]).toEqual([200, 200]);
  });

  it('are nobody’s where the route is open to strangers', async () => {
    const url = await serve();
    const all = [1, 2, 3].map(() => sent(`${url}/public`, undefined, 600));
    await heard(3);
    tell();
    for (const each of all) expect((await each).status).toBe(200);
  });
});

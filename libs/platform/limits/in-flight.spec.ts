import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { problemKinds } from '#libs/problem/catalogue.js';
import type { Problem } from '#libs/problem/problem.js';
import { addressList } from '../address-list.js';
import type { Ways } from './caller-address.js';
import { InFlight, limitInFlight } from './in-flight.js';

const proxied: Ways = { plain: { proxies: addressList(['192.0.2.0/24', '127.0.0.0/8']) } };
const direct: Ways = { plain: {} };

/** Base64url of JSON. */
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (clientId: string, id = 'a'): string =>
  `DPoP ${part({ alg: 'ES256' })}.${part({ client_id: clientId, jti: id })}.c2ln`;

describe('whose share a call counts against', () => {
  const holder = (headers: Record<string, string>, ways = proxied): string =>
    new InFlight(ways, 1).holderOf({ socket: { remoteAddress: '192.0.2.1' } as Socket, headers });

  it('is the one of the client that the token names, at its address, whatever token', () => {
    const at = { 'x-forwarded-for': '203.0.113.9' };
    const own = holder({ ...at, authorization: tokenOf('a-bank') });
    expect(holder({ ...at, authorization: tokenOf('a-bank', 'b') })).toBe(own);
    expect(holder({ ...at, authorization: tokenOf('another') })).not.toBe(own);
  });

  it('is another for a stranger who names the bank from elsewhere', () => {
    const stranger = holder({ 'x-forwarded-for': '198.51.100.1', authorization: tokenOf('a-bank') });
    expect(holder({ 'x-forwarded-for': '203.0.113.9', authorization: tokenOf('a-bank') })).not.toBe(stranger);
  });

  it('is the one of the certificate, wherever it comes from and whatever the token says', () => {
    const certificate = `:${Buffer.from('a certificate').toString('base64')}:`;
    const own = holder({ 'client-cert': certificate, authorization: tokenOf('a-bank') });
    expect(holder({ 'client-cert': certificate, 'x-forwarded-for': '198.51.100.1' })).toBe(own);
    const claimed = holder({ 'client-cert': certificate }, direct);
    expect(claimed).toBe(holder({}, direct));
  });

  it.each([['rubbish'], ['DPoP a.b.c'], [`DPoP a.${part([])}.c`], ['DPoP a.bnVsbA.c'], ['Bearer ...']])(
    'is the one of the address for a token that names nobody: %s',
    (authorization) => {
      expect(holder({ authorization })).toBe(holder({}));
    },
  );
});

describe('calls of one caller', () => {
  let fastify: FastifyInstance;
  const waiting: (() => void)[] = [];
  afterEach(async () => {
    tell();
    await fastify.close();
  });

  async function serve(most: number): Promise<string> {
    fastify = Fastify({ forceCloseConnections: true });
    fastify.setErrorHandler((error, _request, reply) => {
      const { status } = problemKinds[(error as Problem).code];
      return reply.status(status).header('Retry-After', '1').send();
    });
    limitInFlight(fastify, proxied, most);
    const untilTold = (): Promise<string> => new Promise((resolve) => waiting.push(() => resolve('done')));
    fastify.get('/one', untilTold);
    fastify.post('/large', { config: { body: { bytes: 131_072, values: 10 } } }, untilTold);
    return fastify.listen({ port: 0, host: '127.0.0.1' });
  }
  const heard = async (count: number): Promise<void> => {
    while (waiting.length < count) await new Promise(setImmediate);
  };
  const tell = (): void => waiting.splice(0).forEach((resolve) => resolve());

  it('are refused beyond the share, with a time to come back, until one is answered; those of another are not', async () => {
    const base = await serve(2);
    const ask = (clientId: string) => fetch(`${base}/one`, { headers: { authorization: tokenOf(clientId) } });
    const under = [ask('a-bank'), ask('a-bank')];
    await heard(2);
    expect((await ask('a-bank')).status).toBe(429);
    const other = ask('another');
    await heard(3);
    tell();
    for (const each of [...under, other]) expect((await each).status).toBe(200);
    const again = ask('a-bank');
    await heard(1);
    tell();
    expect((await again).status).toBe(200);
  });

  it('weigh as much as the body their route may bring', async () => {
    const base = await serve(3);
    const large = () => fetch(`${base}/large`, { method: 'POST' });
    const first = large();
    await heard(1);
    expect((await large()).status).toBe(429);
    const small = fetch(`${base}/one`);
    await heard(2);
    tell();
    expect([(await first).status, (await small).status]).toEqual([200, 200]);
  });

  it('give their places back when the connection is cut, also those queued behind another on it', async () => {
    await serve(3);
    const { port } = fastify.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const gone = new Promise<void>((resolve) => {
      fastify.server.once('connection', (served: Socket) => served.once('close', () => resolve()));
    });
    await once(socket, 'connect');
    socket.write('GET /one HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3));
    await heard(3);
    socket.destroy();
    await gone;
    const after = [1, 2, 3].map(() => fetch(`http://127.0.0.1:${port}/one`));
    await heard(6);
    tell();
    for (const each of after) expect((await each).status).toBe(200);
  });
});

/** The lender's client before servers that misbehave: nothing but a good answer lends, and no doubt is asked about for ever. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { defaults, LenderClient } from '../../docs/lender/sdk/lender-client.js';
import { lenderCases } from '../support/wrong-answers.js';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const [good, ...others] = await lenderCases();
const refused = others.find(({ name }) => name === 'refused');
const key = 'the-key-of-this-loan';
const json =
  (status: number, body: unknown): Reply =>
  (_, response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
const lends = json(201, good?.answer);

let server: Server;
let agent: Agent;
let replies: Reply[];
let asked: (string | undefined)[];
let forgotten: number;
beforeEach(async () => {
  [replies, asked, forgotten, agent] = [[], [], 0, new Agent()];
  server = createServer((request, response) => {
    request.resume();
    if (request.url === '/.well-known/jwks.json') return void json(200, good?.jwks)(request, response);
    asked.push(request.headers['idempotency-key'] as string | undefined);
    (replies.length > 1 ? replies.shift() : replies[0])?.(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await agent.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** What the client decides when the lender app replies like this; the last reply goes on for ever. */
async function decided(some: Reply[], token = async (): Promise<string> => 'token'): Promise<unknown> {
  replies = some;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = { lenderUrl: url, logUrl: url, bin: String(good?.bin), timeoutMs: 150, pauseMs: 1 };
  const access = { dispatcher: agent, token, forget: () => (forgotten += 1) };
  const client = new LenderClient(settings, access, () => Number(good?.now));
  if (good === undefined) throw new Error('no case');
  return client.check(good.question, key);
}

const silent: Reply = () => undefined;
const torn: Reply = (_, response) => {
  response.writeHead(201, { 'Content-Length': '5000' }).write('{"verdict":"clear"');
  response.socket?.destroy();
};
const dripping: Reply = (_, response) => void response.writeHead(201).write('{"verdict":"clear"');
const problem = (status: number, code: string): Reply => json(status, { code, status });

describe('the client', () => {
  it('gives up on an attempt after 2 s, and asks three times at most', () => {
    expect(defaults).toEqual({ timeoutMs: 2000, pauseMs: 1000, retries: 2 });
  });

  it.each<[string, Reply[]]>([
    ['at once', [lends]],
    ['after one 503', [problem(503, 'registry-unavailable'), lends]],
    ['after silence and a torn connection', [silent, torn, lends]],
    ['after a token that had expired', [problem(401, 'not-authenticated'), lends]],
    ['after half an answer that does not go on', [dripping, lends]],
  ])('lends on a good answer that comes %s, asked for with one key', async (_, some) => {
    expect(await decided([...some])).toEqual({ lend: true, answer: good?.answer });
    expect(asked).toEqual(some.map(() => key));
  });

  it.each<[string, Reply, string | undefined]>([
    ['nobody answers', silent, undefined],
    ['every connection breaks', torn, undefined],
    ['answers never end', dripping, undefined],
    ['503 is all there is', problem(503, 'registry-unavailable'), 'registry-unavailable'],
    ['it is asked too often', problem(429, 'too-many-requests'), 'too-many-requests'],
    ['the answer is no JSON', json(201, '{"verdict":"clear"'), undefined],
    ['the answer is a page of a proxy', json(502, '<html>'), undefined],
  ])('parks after three attempts with one key when %s', async (_, reply, code) => {
    expect(await decided([reply])).toEqual({ lend: false, why: 'unanswered', ...(code && { code }) });
    expect(asked).toEqual([key, key, key]);
  });

  it('parks when it gets no token', async () => {
    const decision = await decided([lends], () => Promise.reject(new Error('no token')));
    expect([decision, asked]).toEqual([{ lend: false, why: 'unanswered' }, []]);
  });

  it('gets a fresh token when its own is not accepted', async () => {
    expect(await decided([problem(401, 'not-authenticated'), lends])).toMatchObject({ lend: true });
    expect(forgotten).toBe(1);
  });

  it('does not repeat a question that is wrong', async () => {
    const decision = await decided([problem(422, 'iin-malformed'), lends]);
    expect([decision, asked.length]).toEqual([{ lend: false, why: 'not-made', code: 'iin-malformed' }, 1]);
  });

  it('follows nobody elsewhere', async () => {
    const elsewhere: Reply = (request, response) =>
      request.url === '/elsewhere'
        ? lends(request, response)
        : void response.writeHead(307, { Location: '/elsewhere' }).end();
    expect(await decided([elsewhere])).toEqual({ lend: false, why: 'unanswered' });
  });

  it('does not lend on a refusal, and keeps it', async () => {
    const answer = JSON.parse(JSON.stringify(refused?.answer)) as unknown;
    expect(await decided([json(201, answer)])).toEqual({ lend: false, why: 'refused', answer });
  });
});

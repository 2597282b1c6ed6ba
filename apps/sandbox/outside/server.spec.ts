import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { type Ask, type Asking, asking } from '../../../test/support/outside-world.js';
import { createServer, exactly, text } from './server.js';

/** A number that belongs to nobody, of test/vectors/iin-vectors.json. */
const iin = '061313294730';
const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

let app: FastifyInstance;
let ask: Ask;

beforeEach(async () => {
  app = createServer();
  app.post('/echo', { schema: { body: exactly({ word: text(8) }) } }, async (request) => request.body);
  app.get('/broken', async () => {
    throw new Error(`cannot read ${iin}`);
  });
  ask = await asking(app);
});

afterEach(async () => {
  await app.close();
});

describe('a request', () => {
  it.each<[string, number, Asking & { path?: string }]>([
    ['no JSON', 400, { headers: json, body: `{"word": ${iin}x` }],
    ['nothing', 400, { headers: json, body: '' }],
    ['a member of another kind', 400, { headers: json, body: { word: Number(iin) } }],
    ['a text too long', 400, { headers: json, body: { word: iin } }],
    ['a text too short', 400, { headers: json, body: { word: '' } }],
    ['an unknown member', 400, { headers: json, body: { word: 'yes', [iin]: iin } }],
    ['a poisoned prototype', 400, { headers: json, body: `{"word":"yes","__proto__":{"${iin}":1}}` }],
    ['a member twice', 400, { headers: json, body: `{"word":"yes","w\\u006frd":"${iin}"}` }],
    ['a mark', 400, { headers: json, body: '\ufeff{"word":"yes"}' }],
    ['half a character', 400, { headers: json, body: '{"word":"\\ud800"}' }],
    [
      'another charset',
      415,
      { headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{"word":"yes"}' },
    ],
    [
      'a form of another charset',
      415,
      { headers: { 'content-type': `${form['content-type']}; charset=windows-1251` }, body: 'word=a' },
    ],
    ['a form with a member twice', 400, { headers: form, body: `word=a&word=${iin}` }],
    ['a form with an unknown member', 400, { headers: form, body: `word=a&${iin}=1` }],
    ['another kind of content', 415, { headers: { 'content-type': 'text/plain' }, body: iin }],
    ['too much', 413, { headers: json, body: { word: iin.repeat(2_000) } }],
    [
      'a page of another site',
      403,
      { headers: { ...json, origin: `https://${iin}.example` }, body: { word: 'yes' } },
    ],
    ['a page of no site', 403, { headers: { ...json, origin: 'null' }, body: { word: 'yes' } }],
    ['an address that is not here', 404, { path: `/echo/${iin}`, headers: json, body: { word: 'yes' } }],
    ['an address that is none', 400, { path: `/%zz${iin}`, headers: json, body: { word: 'yes' } }],
  ])('with %s is answered %i, and nothing of it is repeated', async (_what, status, request) => {
    const answer = await ask('POST', request.path ?? '/echo', request);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(iin);
    expect(answer.text).toMatch(/\{"error":"[a-z8 ,:()/-]+"\}|<p role="alert">/i);
  });

  it('is taken as JSON, as a form, and from a page of ours', async () => {
    const own = { host: '127.0.0.1:8090', origin: 'http://127.0.0.1:8090' };
    for (const request of [
      { headers: json, body: '{"word":"тыйым"}' },
      { headers: form, body: 'word=%D1%82%D1%8B%D0%B9%D1%8B%D0%BC' },
      { headers: { ...json, ...own }, body: '{"word":"тыйым"}' },
    ])
      expect((await ask('POST', '/echo', request)).json).toEqual({
        word: 'тыйым',
      });
  });

  it('that breaks us is logged by place and not by message', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await ask('GET', '/broken');
    const lines = logged.mock.calls.flat().join('\n');
    logged.mockRestore();
    expect([answer.status, answer.json]).toEqual([500, { error: 'failed' }]);
    expect(lines).toContain('server.spec');
    expect(lines).not.toContain(iin);
  });

  it('of a browser that is refused is answered with a page', async () => {
    const answer = await ask('GET', '/nowhere', { headers: { accept: 'text/html,*/*' } });
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('<p role="alert">there is nothing here</p>');
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import {
  type Ask,
  asking,
  type OutsideWorld,
  outsideWorld,
  type Reply,
} from '../../../test/support/outside-world.js';
import { phoneRegistry, type PhoneRegistry } from '../../../test/support/phone-registry.js';
import { createOutside } from '../outside/outside.js';

const document = { applicationId: 'app_1', kind: 'place', lockHours: 24, statement: 'PLACE <THE> REFUSAL.' };
const deadLink = 'The link is not valid or has been used. Open the application again.';

let registry: PhoneRegistry;
let world: OutsideWorld;
let app: FastifyInstance;
let ask: Ask;

beforeEach(async () => {
  registry = await phoneRegistry(Buffer.from(JSON.stringify(document)));
  world = await outsideWorld({ citizenBase: registry.base });
  app = createOutside(world.options);
  ask = await asking(app);
});

afterEach(async () => {
  await Promise.all([app.close(), registry.app.close(), world.end()]);
});

const post = (path: string, body: object): Promise<Reply> => ask('POST', path, { body });
const form = (path: string, members: Record<string, string>): Promise<Reply> =>
  ask('POST', path, { headers: { accept: 'text/html' }, body: new URLSearchParams(members) });
const open = (): Promise<Reply> => post('/phone/open', { citizen: 'aigul', qr: registry.qr });
const sessionOf = ({ json }: Reply): string => (json as { session: string }).session;

describe('a phone over JSON', () => {
  it('shows who asks and the documents, with all they say', async () => {
    const { status, json } = await open();
    expect(status).toBe(200);
    expect(json).toEqual({
      session: expect.stringMatching(/^[\w-]{22}$/),
      description: 'Application to place the refusal',
      expiryDate: '2026-05-04T09:45:00.000Z',
      organisation: { nameRu: 'Реестр', nameKz: 'Тізілім', nameEn: 'The registry', bin: '230340000000' },
      documents: [
        {
          id: 1,
          nameRu: 'Заявление: установить отказ',
          nameKz: 'Бас тартуды белгілеу туралы өтініш',
          nameEn: 'Application to place the refusal',
          meta: [{ name: 'Statement', value: 'PLACE THE REFUSAL. <b>I ask</b>' }],
          document,
        },
      ],
    });
    expect(registry.taken).toEqual([]);
  });

  it('signs what is open, and tells what the registry says to the same again', async () => {
    const session = sessionOf(await open());
    expect((await post('/phone/sign', { session })).json).toEqual({
      status: 200,
      message: 'The signature is accepted.',
    });
    expect(registry.taken).toHaveLength(1);
    expect((await post('/phone/sign', { session })).json).toEqual({ status: 403, message: deadLink });
  });

  it('tells in the registry’s words that a code was used', async () => {
    await open();
    const again = await open();
    expect([again.status, again.json]).toEqual([502, { error: `the registry (403): ${deadLink}` }]);
  });

  it.each([
    [
      'a code of somebody else',
      '/phone/open',
      502,
      { citizen: 'aigul', qr: 'mobileSign:http://127.0.0.1:1/' },
    ],
    ['nobody’s phone', '/phone/open', 404, { citizen: 'nobody', qr: 'mobileSign:x' }],
    ['no code', '/phone/open', 400, { citizen: 'aigul' }],
    ['a number for a code', '/phone/open', 400, { citizen: 'aigul', qr: 1 }],
    ['a code too long', '/phone/open', 400, { citizen: 'aigul', qr: 'x'.repeat(2_049) }],
    ['a member more', '/phone/open', 400, { citizen: 'aigul', qr: 'x', iin: 'x' }],
    ['nothing open', '/phone/sign', 404, { session: 'x'.repeat(22) }],
  ])('refuses %s', async (_what, path, status, body) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(Object.keys(Object(answer.json))).toEqual(['error']);
    expect(registry.calls).toEqual([]);
  });
});

describe('a phone’s pages', () => {
  it('ask whose phone it is and for the code', async () => {
    const { text } = await ask('GET', '/phone');
    expect(text).toContain('<html lang="en">');
    for (const part of ['<option>aigul</option>', 'name="qr"', 'action="/phone/open"'])
      expect(text).toContain(part);
    expect(text).not.toContain('<script');
  });

  it('show the document as text, sign it, and say that it was taken', async () => {
    const opened = await form('/phone/open', { citizen: 'aigul', qr: registry.qr });
    expect(opened.text).toContain('PLACE &lt;THE&gt; REFUSAL.');
    expect(opened.text).toContain('PLACE THE REFUSAL. &lt;b&gt;I ask&lt;/b&gt;');
    for (const name of ['kind', 'lockHours', 'applicationId'])
      expect(opened.text).toContain(`<dt>${name}</dt>`);
    const [, session = ''] = /name="session" value="([\w-]+)"/.exec(opened.text) ?? [];
    expect((await form('/phone/sign', { session })).text).toContain('The signature is accepted.');
    expect(registry.taken).toHaveLength(1);
    expect((await form('/phone/sign', { session })).text).toContain(deadLink);
  });

  it('say on a page what went wrong', async () => {
    const { status, headers, text } = await form('/phone/open', { citizen: 'aigul', qr: 'hello' });
    expect([status, headers['content-type']]).toEqual([502, 'text/html; charset=utf-8']);
    expect(text).toContain('<p role="alert">this is no code to sign with</p>');
  });
});

describe('the phone’s switch', () => {
  const set = (mode: string): Promise<Reply> => post('/sandbox/faults', { target: 'phone', mode });

  it('down: it neither opens nor sends', async () => {
    const session = sessionOf(await open());
    await set('down');
    for (const answer of [await open(), await post('/phone/sign', { session })])
      expect([answer.status, answer.json]).toEqual([502, { error: 'the phone has no network' }]);
    expect(registry.taken).toEqual([]);
  });

  it('slow: it sends late', async () => {
    const session = sessionOf(await open());
    await set('slow');
    const from = performance.now();
    expect((await post('/phone/sign', { session })).status).toBe(200);
    expect(performance.now() - from).toBeGreaterThan(190);
  });

  it('garbage: what it sends is no signature', async () => {
    const session = sessionOf(await open());
    await set('garbage');
    await post('/phone/sign', { session });
    const data = Buffer.from('this is no signature').toString('base64');
    expect(registry.taken).toMatchObject([{ documentsToSign: [{ document: { file: { data } } }] }]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import {
  type Ask,
  asking,
  type OutsideWorld,
  outsideWorld,
  type Reply,
} from '../../../test/support/outside-world.js';
import { createOutside } from './outside.js';

const redirectUri = 'http://127.0.0.1:8080/session/return?from=egov';
const known = { client_id: 'tyiym-pages', redirect_uri: redirectUri, response_type: 'code', state: 'st&te' };
const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const client = basic('tyiym-pages', 'a secret: with & signs');

let world: OutsideWorld;
let app: FastifyInstance;
let ask: Ask;

beforeEach(async () => {
  world = await outsideWorld();
  app = createOutside(world.options);
  ask = await asking(app);
});

afterEach(async () => {
  await app.close();
  await world.end();
});

const authorize = (members: Readonly<Record<string, string>>): Promise<Reply> =>
  ask('GET', `/egov/idp/oauth/authorize?${new URLSearchParams(members).toString()}`);

async function signIn(login: string): Promise<string> {
  const { headers } = await authorize({ ...known, login });
  return new URL(String(headers.location)).searchParams.get('code') ?? 'none';
}

function redeem(code: string, changes: Record<string, string> = {}, authorization = client): Promise<Reply> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: 'tyiym-pages',
    redirect_uri: redirectUri,
    code,
    ...changes,
  });
  return ask('POST', '/egov/idp/oauth/token', { headers: { authorization }, body });
}

async function tokenOf(login: string): Promise<string> {
  const { json } = await redeem(await signIn(login));
  return (json as { access_token: string }).access_token;
}

const resource = (what: 'basic' | 'phone', token: string): Promise<Reply> =>
  ask('GET', `/egov/idp/resource/user/${what}`, { headers: { authorization: `Bearer ${token}` } });

describe('authorize', () => {
  it('shows whom one can be, and keeps what it was called with', async () => {
    const { status, text } = await authorize(known);
    expect(status).toBe(200);
    for (const name of ['aigul', 'bolat']) expect(text).toContain(`value="${name}"`);
    expect(text).toContain('name="state" value="st&amp;te"');
    for (const { iin } of world.options.people) expect(text).not.toContain(iin);
  });

  it('sends whoever is chosen, by link or by button, back with a code and the state', async () => {
    const body = new URLSearchParams({ ...known, login: 'bolat' });
    const answers = [
      await authorize({ ...known, login: 'bolat' }),
      await ask('POST', '/egov/idp/oauth/authorize', { body }),
    ];
    for (const { status, headers } of answers) {
      const back = new URL(String(headers.location));
      expect([status, back.origin + back.pathname]).toEqual([303, 'http://127.0.0.1:8080/session/return']);
      expect([...back.searchParams.keys()]).toEqual(['from', 'code', 'state']);
      expect(back.searchParams.get('state')).toBe('st&te');
    }
  });

  it.each([
    ['an unknown client', { client_id: 'other' }],
    ['another address', { redirect_uri: 'http://127.0.0.1:8080/session/return' }],
    ['an address that goes on', { redirect_uri: `${redirectUri}&x=1` }],
    ['no address', { redirect_uri: '' }],
  ])('sends nobody anywhere for %s', async (_what, change) => {
    const { status, headers } = await authorize({ ...known, ...change, login: 'aigul' });
    expect([status, headers.location]).toEqual([400, undefined]);
  });

  it('refuses a member that comes twice', async () => {
    const twice = new URLSearchParams([...Object.entries(known), ['redirect_uri', 'http://evil.example/']]);
    expect((await ask('GET', `/egov/idp/oauth/authorize?${twice.toString()}`)).status).toBe(400);
  });

  it('tells a client that asks for a token at once that there is none', async () => {
    const { headers } = await authorize({ ...known, response_type: 'token', login: 'aigul' });
    expect(headers.location).toBe(`${redirectUri}&error=unsupported_response_type&state=st%26te`);
  });

  it('knows nobody else', async () => {
    expect((await authorize({ ...known, login: 'nobody' })).status).toBe(404);
  });
});

describe('a code', () => {
  it('becomes a token once, and its second coming ends that token', async () => {
    const code = await signIn('aigul');
    const { status, json } = await redeem(code);
    expect([status, json]).toEqual([
      200,
      { access_token: expect.stringMatching(/^[\w-]{43}$/), token_type: 'bearer', expires_in: 600 },
    ]);
    const { access_token } = json as { access_token: string };
    expect((await resource('basic', access_token)).status).toBe(200);
    const again = await redeem(code);
    expect([again.status, again.json]).toEqual([400, { error: 'invalid_grant' }]);
    expect((await resource('basic', access_token)).status).toBe(401);
  });

  it('is good for a minute', async () => {
    const [early, late] = [await signIn('aigul'), await signIn('aigul')];
    world.pass(59_999);
    expect((await redeem(early)).status).toBe(200);
    world.pass(1);
    expect((await redeem(late)).json).toEqual({ error: 'invalid_grant' });
  });

  it.each([
    ['for another address', 400, 'invalid_grant', { redirect_uri: 'http://127.0.0.1:8080/' }, client],
    ['by another grant', 400, 'unsupported_grant_type', { grant_type: 'client_credentials' }, client],
    ['by nobody', 401, 'invalid_client', {}, ''],
    ['with a wrong secret', 401, 'invalid_client', {}, basic('tyiym-pages', 'a guess')],
    ['by another client', 401, 'invalid_client', {}, basic('other', 'a secret: with & signs')],
    ['with the secret in the form', 401, 'invalid_client', { client_secret: 'a secret: with & signs' }, ''],
  ])('is not taken %s', async (_what, status, error, changes, authorization) => {
    const code = await signIn('aigul');
    const answer = await redeem(code, changes, authorization);
    expect([answer.status, answer.json]).toEqual([status, { error }]);
    expect((await redeem(code)).status).toBe(200);
  });

  it('is taken from a client that form-encodes its secret, as the RFC says', async () => {
    const encoded = basic('tyiym-pages', 'a+secret%3A+with+%26+signs');
    expect((await redeem(await signIn('aigul'), {}, encoded)).status).toBe(200);
  });

  it('that was never given is none', async () => {
    expect((await redeem('x'.repeat(43))).json).toEqual({ error: 'invalid_grant' });
  });

  it('comes in a form and in nothing else', async () => {
    const asked = { headers: { authorization: client }, body: { grant_type: 'authorization_code' } };
    expect((await ask('POST', '/egov/idp/oauth/token', asked)).status).toBe(415);
  });
});

describe('a token', () => {
  it('tells who signed in: number, names of the certificate, phone', async () => {
    const token = await tokenOf('aigul');
    const [aigul] = world.options.people;
    expect((await resource('basic', token)).json).toEqual({
      person: { iin: aigul?.iin, surname: 'Сынақова', name: 'Айгүл' },
    });
    expect((await resource('phone', token)).json).toEqual({ phone: '+77000000001' });
  });

  it('of somebody without a phone number tells so', async () => {
    expect((await resource('phone', await tokenOf('bolat'))).status).toBe(404);
  });

  it('ends after ten minutes', async () => {
    const token = await tokenOf('aigul');
    world.pass(599_999);
    expect((await resource('basic', token)).status).toBe(200);
    world.pass(1);
    expect((await resource('basic', token)).status).toBe(401);
  });

  it.each(['', 'wrong', 'x'.repeat(43)])('that was never given opens nothing: "%s"', async (token) => {
    const { status, headers, json } = await resource('basic', token);
    expect([status, json]).toEqual([401, { error: 'invalid_token' }]);
    expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });
});

describe('the switch', () => {
  const set = (mode: string): Promise<Reply> =>
    ask('POST', '/sandbox/faults', { body: { target: 'idp', mode } });

  it('stale gives codes that have expired and honours no token', async () => {
    const token = await tokenOf('aigul');
    await set('stale');
    expect((await redeem(await signIn('aigul'))).json).toEqual({ error: 'invalid_grant' });
    expect((await resource('basic', token)).status).toBe(401);
    await set('none');
    expect((await resource('basic', token)).status).toBe(200);
  });

  it('down answers nothing, garbage answers what is no JSON', async () => {
    await set('down');
    await expect(authorize(known)).rejects.toThrow('other side closed');
    await set('garbage');
    const { status, json } = await redeem('any');
    expect([status, json]).toEqual([200, undefined]);
  });
});

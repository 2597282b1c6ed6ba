/** What the citizen's app does when something around it fails: it says so with a 503, and never guesses. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { askUntil } from '#libs/platform/long-poll.js';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import type { PhoneInvitation } from '../../apps/citizen/egov-mobile/phone.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { assertionFor, call, newWorld, signatureOf, type World } from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
}, 60_000);

auditAfterEach(() => world);
afterAll(() => world.close());

const place = { kind: 'place', lockHours: 12 };
const outcomeOf = ({ status, body, headers }: Response): unknown => [
  status,
  (body as { code?: string }).code,
  ...(status === 503 ? [Number(headers['retry-after']) > 0] : []),
];
const unavailable = [503, 'registry-unavailable', true];

describe('with another lookup key than the registry was made with', () => {
  it('nobody is told anything', async () => {
    const who = await acts.somebody();
    expect((await acts.act(who, place)).status).toBe(200);
    const keysDir = mkdtempSync(join(tmpdir(), 'tyiym-wrong-keys-'));
    cpSync(world.keysDir('citizen'), keysDir, { recursive: true });
    const epochs = { 1: randomBytes(32).toString('base64url') };
    writeFileSync(join(keysDir, 'lookup.json'), JSON.stringify({ epochs }), { mode: 0o600 });
    const publicBase = 'http://127.0.0.1:18080';
    const app = await world.startCitizen({ keysDir, publicBase });
    const channel = { ...world.portal, resource: publicBase };
    const ask = async (path: string, members: object = {}): Promise<Response> => {
      const citizenAssertion = await assertionFor(channel, who.iin, { aud: publicBase });
      const body = { citizenAssertion, ...members };
      return call({ app }, channel, { method: 'POST', path, key: randomUUID(), body });
    };
    const answers = [
      await ask('/v1/refusal-status'),
      await ask('/v1/trail'),
      await ask('/v1/applications', { kind: 'lift', language: 'ru' }),
      await ask('/v1/applications', { kind: 'place', lockHours: 24, language: 'ru' }),
    ];
    expect(answers.map(outcomeOf)).toEqual([unavailable, unavailable, unavailable, unavailable]);
    await app.close();
    rmSync(keysDir, { recursive: true });
  });
});

describe('without its database', () => {
  it('answers 503, and by itself again when it is back; what was asked can be sent again as it was', async () => {
    const { iin } = await acts.somebody();
    const { superuser, name } = world.database;
    const body = { citizenAssertion: await assertionFor(world.portal, iin), language: 'ru', ...place };
    const opening = { method: 'POST' as const, path: '/v1/applications', key: randomUUID(), body };
    await superuser.query(`ALTER DATABASE ${name} CONNECTION LIMIT 0`);
    await superuser.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = 'tyiym_citizen'`,
      [name],
    );
    expect(outcomeOf(await call(world, world.portal, opening))).toEqual(unavailable);
    expect(outcomeOf(await acts.present('/v1/refusal-status', iin))).toEqual(unavailable);
    await superuser.query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`);
    const patience = { forMs: 10_000, everyMs: 100, clock: () => Date.now() };
    const again = (): Promise<Response> => call(world, world.portal, opening);
    expect((await askUntil(again, ({ status }) => status !== 503, patience)).status).toBe(201);
  });
});

describe('without the list of revoked certificates', () => {
  it('a placing counts with a list of yesterday, a lift waits for a fresh one and then counts as signed', async () => {
    const who = await acts.somebody();
    expect((await acts.act(await acts.somebody(), place)).status).toBe(200);
    world.serveList(false);
    await world.advanceHours(25);
    expect((await acts.act(who, place)).status).toBe(200);
    const { rows } = await world.database.superuser.query(
      'SELECT revocation_stale FROM signed_documents ORDER BY entry_index DESC LIMIT 1',
    );
    expect(rows).toEqual([{ revocation_stale: true }]);
    const { applicationId, document } = (await acts.open(who.iin, { kind: 'lift' })).body as Opened;
    const cms = await signatureOf(who.person, document);
    expect(outcomeOf(await acts.sign(applicationId, cms))).toEqual([503, 'revocation-unavailable', true]);
    expect((await acts.progress(applicationId)).body).toEqual({ state: 'open' });
    world.serveList(true);
    expect((await acts.sign(applicationId, cms)).body).toMatchObject({ state: 'lift-pending' });
  });

  it('of two days ago not even a placing counts', async () => {
    world.serveList(false);
    await world.advanceHours(49);
    expect(outcomeOf(await acts.act(await acts.somebody(), place))).toEqual([
      503,
      'revocation-unavailable',
      true,
    ]);
    world.serveList(true);
  });
});

describe('a suspended channel', () => {
  it('reads, calls off, opens and signs nothing from the next batch on, and neither does a phone it sent', async () => {
    const who = await acts.somebody();
    const { applicationId, document, egovMobile } = (await acts.open(who.iin, place, world.mobile))
      .body as Opened;
    const server = world.app.getHttpServer();
    const api1 = new URL(egovMobile.qr.replace('mobileSign:', '')).pathname;
    const { uri, auth_token: token } = ((await request(server).get(api1)).body as PhoneInvitation).document;
    const cms = await signatureOf(who.person, document);
    const lifting = await acts.somebody();
    await acts.act(lifting, place);
    await acts.act(lifting, { kind: 'lift' });
    const present = (path: string, citizenAssertion: string) =>
      call(world, world.mobile, { method: 'POST', path, key: randomUUID(), body: { citizenAssertion } });
    const assertions = [
      await assertionFor(world.mobile, lifting.iin),
      await assertionFor(world.mobile, lifting.iin),
    ] as const;
    await world.operate({ kind: 'party.suspended', body: { clientId: 'egov-mobile' } });
    // At once: the token is still let in by rules of a second ago, and the batch must not act upon it.
    const together = await Promise.all([
      present('/v1/refusal-status', assertions[0]),
      present('/v1/lift-cancellations', assertions[1]),
    ]);
    expect(together.map(outcomeOf)).toEqual(Array(2).fill([403, 'party-suspended']));
    expect((await acts.present('/v1/refusal-status', lifting.iin)).body).toMatchObject({
      state: 'lift-pending',
    });
    const byPhone = await request(server)
      .put(new URL(uri).pathname)
      .set({ Authorization: `Bearer ${token}`, 'Accept-Language': 'en' })
      .send({ documentsToSign: [{ id: 1, document: { file: { data: cms } } }] });
    expect([byPhone.status, byPhone.body]).toEqual([403, { message: 'The party is suspended' }]);
    const signed = await acts.sign(applicationId, cms, world.mobile);
    const opened = await acts.open(who.iin, place, world.mobile);
    expect([signed, opened].map(outcomeOf)).toEqual([
      [403, 'party-suspended'],
      [403, 'party-suspended'],
    ]);
    expect((await acts.present('/v1/refusal-status', who.iin)).body).toMatchObject({
      state: 'none',
      version: 0,
    });
  });
});

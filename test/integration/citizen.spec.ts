/**
 * The citizen's path over HTTP and real PostgreSQL, with the clerk at work: place, lock, lift with wait, call off,
 * return, and what the person reads of it.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import type { Outcome } from '../../apps/citizen/applications/outcome.service.js';
import type { TrailPage } from '../../apps/citizen/trail/trail.service.js';
import { askUntil } from '#libs/platform/long-poll.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs, type Somebody } from '../support/citizen-acts.js';
import {
  assertionFor,
  call,
  iins,
  newWorld,
  signatureOf,
  verified,
  type World,
} from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;
let lender: NestFastifyApplication;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  lender = await world.startLender();
}, 60_000);

auditAfterEach(() => world);
afterAll(() => world.close());

const statusOf = async ({ iin }: Somebody): Promise<Record<string, unknown>> =>
  (await acts.present('/v1/refusal-status', iin)).body as Record<string, unknown>;

/** The status once it has that state: the clerk works beside us. */
const statusWhen = (who: Somebody, state: string): Promise<Record<string, unknown>> =>
  askUntil(
    () => statusOf(who),
    (status) => status['state'] === state,
    { forMs: 10_000, everyMs: 100, clock: () => Date.now() },
  );

const trailOf = async (who: Somebody, page: object = {}): Promise<TrailPage> =>
  (await acts.present('/v1/trail', who.iin, { ...page })).body as TrailPage;

describe('before the clerk is there', () => {
  it('a lift with nothing to wait for stays pending, and is lifted once the clerk comes', async () => {
    const who = await acts.somebody();
    expect((await acts.act(who, { kind: 'place', lockHours: 0 })).status).toBe(200);
    const pending = await acts.act(who, { kind: 'lift' });
    expect(pending.body).toMatchObject({ state: 'lift-pending', refusal: { state: 'lift-pending' } });
    await world.startClerk();
    expect(await statusWhen(who, 'none')).toMatchObject({ state: 'none', version: 2 });
  });
});

describe('placing', () => {
  it('is in force with the answer, and its receipt proves what was signed', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
    const cms = await signatureOf(who.person, opened.document);
    const { status, body } = await acts.sign(opened.applicationId, cms);
    expect(status).toBe(200);
    const { receipt, ...answer } = body as Outcome;
    expect(answer).toEqual({
      state: 'in-force',
      refusal: {
        ...{ state: 'in-force', placedAt: expect.any(String), lockHours: 24, version: 1 },
        stamps: [
          { bureau: 'gkb', state: 'waiting' },
          { bureau: 'pkb', state: 'waiting' },
        ],
      },
    });
    const { entry, person } = await verified(world, receipt, who.iin);
    expect(person).toBe('shown');
    expect(Object.keys(entry).toSorted()).toEqual(
      [
        ...['v', 'id', 'kind', 'at', 'person', 'version', 'applicationId', 'channel', 'lockHours'],
        ...['documentSha256', 'cmsSha256', 'certSha256', 'certIssuedAt', 'identifiedBy', 'revocationSha256'],
      ].toSorted(),
    );
    expect(entry).toMatchObject({
      ...{ kind: 'refusal.placed', version: 1, lockHours: 24, channel: 'egov-portal', identifiedBy: 'sms' },
      ...{ applicationId: opened.applicationId, documentSha256: opened.documentSha256 },
    });
  });

  it('takes a detached signature, and the same one again gives the same answer', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 12 })).body as Opened;
    const cms = await signatureOf(who.person, opened.document, true);
    const first = await acts.sign(opened.applicationId, cms);
    const again = await acts.sign(opened.applicationId, cms);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    const { rows } = await world.database.superuser.query(
      'SELECT count(*)::int AS kept FROM signed_documents WHERE document IS NOT NULL AND application_id = (SELECT application_id FROM applications WHERE document_sha256 = $1)',
      [Buffer.from(opened.documentSha256, 'base64url')],
    );
    expect(rows).toEqual([{ kept: 1 }]);
  });

  it('again only grows the lock', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 24 });
    expect((await acts.act(who, { kind: 'place', lockHours: 12 })).body).toMatchObject({
      status: 409,
      code: 'refusal-already-in-force',
    });
    const grown = await acts.act(who, { kind: 'place', lockHours: 72 });
    expect(grown.body).toMatchObject({ state: 'in-force', refusal: { lockHours: 72, version: 1 } });
    const { entry } = await verified(world, (grown.body as Outcome).receipt, who.iin);
    expect(entry).toMatchObject({ kind: 'refusal.lock-grown', version: 1, lockHours: 72 });
  });

  it('by two signings at once leaves one entry', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
    const cms = await signatureOf(who.person, opened.document);
    const other = await signatureOf(who.person, opened.document, true);
    const answers = await Promise.all([cms, cms, other].map((one) => acts.sign(opened.applicationId, one)));
    const [first, second, third] = answers.map(({ status }) => status);
    expect([first, second, third].toSorted()).toEqual(first === 200 ? [200, 200, 409] : [200, 409, 409]);
    const placings = (await trailOf(who)).items.filter(({ kind }) => kind === 'refusal.placed');
    expect(placings).toHaveLength(1);
  });
});

describe('lifting', () => {
  it('with lock 0 is carried out by the clerk within the call, proven by its head', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 0 });
    const opened = (await acts.open(who.iin, { kind: 'lift' })).body as Opened;
    const cms = await signatureOf(who.person, opened.document);
    const { body } = await acts.sign(opened.applicationId, cms);
    expect(body).toMatchObject({ state: 'lifted', refusal: { state: 'none', version: 2 } });
    const { entry, key } = await verified(world, (body as Outcome).receipt, who.iin);
    expect([entry.kind, key.purpose]).toEqual(['refusal.lifted', 'head/clerk']);
    expect((await acts.sign(opened.applicationId, cms)).body).toEqual(body);
  });

  it('waits the lock, is in force until the hour, and then is lifted', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 12 });
    const asked = await acts.act(who, { kind: 'lift' });
    expect(asked.body).toMatchObject({ state: 'lift-pending' });
    const { refusal, receipt } = asked.body as Outcome;
    expect(Date.parse(refusal.liftsAt ?? '') - Date.parse(refusal.liftRequestedAt ?? '')).toBe(
      12 * 3_600_000,
    );
    expect((await verified(world, receipt, who.iin)).entry).toMatchObject({
      kind: 'lift.requested',
      lockHours: 12,
    });
    await world.advanceHours(11);
    expect(await statusOf(who)).toMatchObject({ state: 'lift-pending' });
    expect(await verdictFor(who)).toBe('refused');
    await world.advanceHours(1);
    expect(await statusWhen(who, 'none')).toMatchObject({ version: 2 });
    expect(await verdictFor(who)).toBe('clear');
  });

  it('is called off with one press, and the same press again gives the same answer', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 24 });
    await acts.act(who, { kind: 'lift' });
    const press = {
      ...{ method: 'POST' as const, path: '/v1/lift-cancellations', key: randomUUID() },
      body: { citizenAssertion: await assertionFor(world.portal, who.iin) },
    };
    const [first, second] = await Promise.all([1, 2].map(() => call(world, world.portal, press)));
    const third = await call(world, world.portal, press);
    expect(first?.body).toMatchObject({
      state: 'in-force',
      refusal: { state: 'in-force', version: 1, lockHours: 24 },
    });
    expect(first?.body).not.toHaveProperty('refusal.liftsAt');
    expect([first, second, third].map((answer) => answer?.headers['idempotent-replayed']).toSorted()).toEqual(
      ['true', 'true', undefined],
    );
    expect([second?.body, third.body]).toEqual([first?.body, first?.body]);
    expect((await verified(world, (third.body as Outcome).receipt, who.iin)).entry.kind).toBe(
      'lift.cancelled',
    );
    expect((await acts.present('/v1/lift-cancellations', who.iin)).body).toMatchObject({
      code: 'no-lift-pending',
    });
  });

  it('is called off by placing again, which may grow the lock', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 12 });
    await acts.act(who, { kind: 'lift' });
    const placed = await acts.act(who, { kind: 'place', lockHours: 24 });
    expect(placed.body).toMatchObject({
      state: 'in-force',
      refusal: { state: 'in-force', lockHours: 24, version: 1 },
    });
    const kinds = (await trailOf(who)).items.map(({ kind }) => kind).filter((kind) => kind !== 'trail.read');
    expect(kinds).toEqual(['refusal.lock-grown', 'lift.cancelled', 'lift.requested', 'refusal.placed']);
  });

  it('ends at the hour it names: the refusal returns with its lock', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 12 });
    const asked = await acts.act(who, { kind: 'lift', placeAgainAfterHours: 24 });
    expect(asked.body).toMatchObject({ refusal: { placedAgainAt: expect.any(String) } });
    await world.advanceHours(12);
    expect(await statusWhen(who, 'none')).toMatchObject({ placedAgainAt: expect.any(String), version: 2 });
    await world.advanceHours(24);
    expect(await statusWhen(who, 'in-force')).toMatchObject({ lockHours: 12, version: 3 });
  });

  it('is called off when the certificate is revoked before its hour', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 12 });
    await acts.act(who, { kind: 'lift' });
    world.revoke(who.person);
    await world.advanceHours(12);
    const status = await statusWhen(who, 'in-force');
    expect(status).toMatchObject({ state: 'in-force', version: 1 });
    const [cancelled] = (await trailOf(who)).items.filter(({ kind }) => kind === 'lift.cancelled');
    expect(cancelled).toMatchObject({ reason: 'certificate-revoked' });
  });
});

describe('an application', () => {
  it('tells whoever waits for it that it counted', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
    expect((await acts.progress(opened.applicationId)).body).toEqual({ state: 'open' });
    const waiting = acts.progress(opened.applicationId, '?wait=20');
    const signed = await acts.sign(opened.applicationId, await signatureOf(who.person, opened.document));
    const { state, ...rest } = (await waiting).body as { state: string };
    expect(state).toBe('signed');
    expect({ state: 'in-force', ...rest }).toEqual(signed.body);
  });

  it('is void when a newer one is opened', async () => {
    const who = await acts.somebody();
    const older = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
    const newer = (await acts.open(who.iin, { kind: 'place', lockHours: 12 })).body as Opened;
    expect((await acts.progress(older.applicationId)).body).toEqual({ state: 'void' });
    const late = await acts.sign(older.applicationId, await signatureOf(who.person, older.document));
    expect(late.body).toMatchObject({ status: 409, code: 'application-void' });
    expect((await acts.progress(newer.applicationId)).body).toEqual({ state: 'open' });
  });

  it('expires after a quarter of an hour', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
    await world.advanceHours(1);
    expect((await acts.progress(opened.applicationId)).body).toEqual({ state: 'expired' });
    const late = await acts.sign(opened.applicationId, await signatureOf(who.person, opened.document));
    expect(late.body).toMatchObject({ status: 409, code: 'application-expired' });
    expect(await statusOf(who)).toEqual({ state: 'none', version: 0, stamps: [] });
  });

  it('is not there for another channel', async () => {
    const who = await acts.somebody();
    const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
    const cms = await signatureOf(who.person, opened.document);
    const answers = [
      await acts.progress(opened.applicationId, '', world.mobile),
      await acts.sign(opened.applicationId, cms, world.mobile),
      await acts.progress('app_0000000000000000000000000x'),
    ];
    expect(answers.map(({ body }) => (body as { code: string }).code)).toEqual(Array(3).fill('not-found'));
  });
});

describe('the trail', () => {
  it('shows own acts, checks with the lender by name, and readings, newest first, in pages', async () => {
    const who = await acts.somebody();
    await acts.act(who, { kind: 'place', lockHours: 24 });
    expect(await verdictFor(who)).toBe('refused');
    await statusOf(who);
    const all = await trailOf(who);
    expect(all.items.map(({ kind }) => kind)).toEqual([
      'trail.read',
      'trail.read',
      'check.made',
      'refusal.placed',
    ]);
    expect(all.items[2]).toMatchObject({
      ...{ product: 'microcredit', stage: 'decision', verdict: 'refused', version: 1 },
      lender: { bin: '010140000004', names: { en: 'Organisation' } },
    });
    expect(all.items[1]).toMatchObject({ by: 'egov-portal', what: 'refusal-status', identifiedBy: 'sms' });
    expect(all.next).toBeNull();
    const first = await trailOf(who, { limit: 3 });
    const second = await trailOf(who, { limit: 3, after: first.next });
    expect([...first.items, ...second.items].slice(1)).toEqual(all.items);
    expect(JSON.stringify(all)).not.toContain('our-own-number');
  });
});

describe('what is kept', () => {
  it('holds no IIN outside of sealed columns, and neither does any line of the logs', async () => {
    const { rows } = await world.database.superuser.query<{ text: string }>(
      `SELECT string_agg(e.entry, '\n') || (SELECT string_agg(to_jsonb(a)::text, '\n') FROM applications a)
        || (SELECT string_agg(to_jsonb(k)::text, '\n') FROM idempotency_keys k)
        || (SELECT string_agg(to_jsonb(j)::text, '\n') FROM assertion_ids j) AS text FROM entries e`,
    );
    const kept = [rows[0]?.text ?? '', ...world.logged].join('\n');
    const spellings = iins.flatMap((iin) => [iin, Buffer.from(iin).toString('hex')]);
    expect(kept.length).toBeGreaterThan(10_000);
    expect(spellings.filter((spelling) => kept.includes(spelling))).toEqual([]);
  });
});

/** What a bank is told. */
async function verdictFor({ iin }: Somebody): Promise<unknown> {
  const { body } = await call({ app: lender }, world.bank, {
    ...{ method: 'POST', path: '/v1/checks', key: randomUUID(), scope: 'checks' },
    body: { iin, product: 'microcredit', stage: 'decision', loanRef: 'our-own-number' },
  });
  return (body as { verdict?: unknown }).verdict;
}

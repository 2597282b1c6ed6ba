/** Everything that must not work on the citizen's path, and what must work although it looks like it: bad input, bad luck. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { assertionFor, call, newWorld, signatureOf, type World } from '../support/citizen-world.js';
import { newKeyPair } from '../support/machine-client.js';

let world: World;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
}, 60_000);

auditAfterEach(() => world);
afterAll(() => world.close());

const path = '/v1/applications';
const place = { kind: 'place', lockHours: 24, language: 'ru' };
const outcomeOf = ({ status, body }: Response): unknown => [status, (body as { code?: string }).code];
const pointersOf = ({ body }: Response): unknown =>
  ((body as { errors?: { pointer: string }[] }).errors ?? []).map(({ pointer }) => pointer);
const applicationsOf = async (): Promise<number> => {
  const { rows } = await world.database.superuser.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM applications',
  );
  return rows[0]?.n ?? -1;
};

/** A body with a good assertion, for a call that is bad in one other thing. */
async function bodyWith(members: object): Promise<object> {
  const { iin } = await acts.somebody();
  return { citizenAssertion: await assertionFor(world.portal, iin), ...members };
}
const post = async (members: object, changes: { key?: string; headers?: Record<string, string> } = {}) =>
  call(world, world.portal, {
    ...{ method: 'POST', path, key: randomUUID(), body: await bodyWith(members) },
    ...changes,
  });

describe('opening an application', () => {
  const wrong: [string, object, number, string, string[]][] = [
    ['an unknown member', { ...place, urgent: true }, 400, 'request-malformed', ['/urgent']],
    ['an IIN beside the assertion', { ...place, iin: '061313294730' }, 400, 'request-malformed', ['/iin']],
    ['no kind', { lockHours: 24, language: 'ru' }, 400, 'request-malformed', ['/kind']],
    ['another kind', { ...place, kind: 'block' }, 400, 'request-malformed', ['/kind']],
    ['another language', { ...place, language: 'fr' }, 400, 'request-malformed', ['/language']],
    ['a lock as text', { ...place, lockHours: '24' }, 400, 'request-malformed', ['/lockHours']],
    ['a lock of null', { ...place, lockHours: null }, 400, 'request-malformed', ['/lockHours']],
    ['a lock with a fraction', { ...place, lockHours: 24.5 }, 400, 'request-malformed', ['/lockHours']],
    ['a negative lock', { ...place, lockHours: -1 }, 400, 'request-malformed', ['/lockHours']],
    ['a placing without lock', { kind: 'place', language: 'kk' }, 400, 'request-malformed', ['/lockHours']],
    [
      'a lock the regime does not allow',
      { ...place, lockHours: 48 },
      422,
      'lock-not-allowed',
      ['/lockHours'],
    ],
    ['a lift with a lock', { ...place, kind: 'lift' }, 422, 'lock-not-allowed', ['/lockHours']],
    [
      'a placing with a return',
      { ...place, placeAgainAfterHours: 24 },
      ...([422, 'return-not-allowed', ['/placeAgainAfterHours']] as [number, string, string[]]),
    ],
    [
      'a return after 25 hours',
      { kind: 'lift', language: 'ru', placeAgainAfterHours: 25 },
      ...([400, 'request-malformed', ['/placeAgainAfterHours']] as [number, string, string[]]),
    ],
  ];
  it.each(wrong)('with %s is refused and leaves nothing', async (_what, members, status, code, pointers) => {
    const before = await applicationsOf();
    const answer = await post(members);
    expect(outcomeOf(answer)).toEqual([status, code]);
    expect(pointersOf(answer)).toEqual(pointers);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(await applicationsOf()).toBe(before);
  });

  const keys: [string, string | undefined][] = [
    ['no key', undefined],
    ['7 characters', 'a'.repeat(7)],
    ['65 characters', 'a'.repeat(65)],
    ['a space', 'a key with'],
    ['a letter beyond ASCII', 'ключ-ключ'],
  ];
  it.each(keys)('with an Idempotency-Key of %s is refused', async (_what, key) => {
    const headers: Record<string, string> =
      key === undefined ? {} : { 'Idempotency-Key': Buffer.from(key).toString('latin1') };
    const answer = await call(world, world.portal, {
      ...{ method: 'POST', path, headers, body: await bodyWith(place) },
    });
    expect([outcomeOf(answer), pointersOf(answer)]).toEqual([
      [400, 'request-malformed'],
      ['Idempotency-Key'],
    ]);
  });

  it.each([path, '/v1/lift-cancellations'])(
    'or calling off (%s) with a key that holds the IIN is 422, and nobody keeps it',
    async (where) => {
      const { iin } = await acts.somebody();
      const body = { citizenAssertion: await assertionFor(world.portal, iin), ...(where === path && place) };
      const answer = await call(world, world.portal, { method: 'POST', path: where, key: `k-${iin}`, body });
      expect([outcomeOf(answer), pointersOf(answer)]).toEqual([
        [422, 'reference-holds-iin'],
        ['Idempotency-Key'],
      ]);
      const { rows } = await world.database.superuser.query(
        'SELECT FROM idempotency_keys WHERE strpos(key, $1) > 0',
        [iin],
      );
      expect(rows).toEqual([]);
    },
  );

  it('with another media type, too long a body or no JSON is refused', async () => {
    const send = (headers: Record<string, string>, body: unknown) =>
      call(world, world.portal, { method: 'POST', path, key: randomUUID(), headers, body });
    const answers = [
      await send({ 'Content-Type': 'application/x-www-form-urlencoded' }, 'kind=place'),
      await send({ 'Content-Type': 'text/plain' }, '{}'),
      await send(
        { 'Content-Type': 'application/json' },
        JSON.stringify({ kind: 'x'.repeat(5 * 1024 * 1024) }),
      ),
      await send({ 'Content-Type': 'application/json' }, '{"kind":'),
      await send({ 'Content-Type': 'application/json' }, '[]'),
    ].map(outcomeOf);
    expect(answers).toEqual([
      ...[
        [415, 'media-type-not-supported'],
        [415, 'media-type-not-supported'],
        [413, 'payload-too-large'],
      ],
      ...[
        [400, 'request-malformed'],
        [400, 'request-malformed'],
      ],
    ]);
  });

  it('needs the scope, which counts for channels only', async () => {
    const { iin } = await acts.somebody();
    const body = { citizenAssertion: await assertionFor(world.portal, iin), ...place };
    const unscoped = await call(world, world.portal, {
      method: 'POST',
      path,
      key: randomUUID(),
      body,
      scope: '',
    });
    const bare = await request(world.app.getHttpServer())
      .post(path)
      .set('Idempotency-Key', 'abcdefgh')
      .send(body);
    expect([outcomeOf(unscoped), outcomeOf(bare)]).toEqual([
      [403, 'not-permitted'],
      [401, 'not-authenticated'],
    ]);
  });
});

describe('an assertion', () => {
  const openWith = (citizenAssertion: unknown, key: string = randomUUID()) =>
    call(world, world.portal, { method: 'POST', path, key, body: { citizenAssertion, ...place } });

  it('that is missing is 422, in any other way wrong 403', async () => {
    const { iin } = await acts.somebody();
    const strange = { ...world.portal, key: await newKeyPair() };
    const good = await assertionFor(world.portal, iin);
    const answers = await Promise.all([
      openWith(undefined),
      openWith(null),
      openWith(''),
      openWith(42),
      openWith('abc'),
      openWith(`${good.slice(0, -8)}AAAAAAAA`),
      openWith(await assertionFor(world.mobile, iin)),
      openWith(await assertionFor(strange, iin)),
      openWith(await assertionFor(world.portal, iin, { aud: 'http://127.0.0.1:8081' })),
      openWith(await assertionFor(world.portal, iin, { method: 'telepathy' })),
      openWith(await assertionFor(world.portal, iin, { iat: Math.floor(Date.now() / 1000) - 60 })),
    ]);
    expect(answers.map(outcomeOf)).toEqual([
      ...Array<unknown>(3).fill([422, 'citizen-assertion-missing']),
      ...Array<unknown>(8).fill([403, 'citizen-not-present']),
    ]);
  });

  it('about an IIN that nobody can have is refused, and the number is never repeated', async () => {
    const { invalid } = JSON.parse(readFileSync('test/vectors/iin-vectors.json', 'utf8')) as {
      invalid: { iin: unknown }[];
    };
    for (const { iin } of invalid) {
      const answer = await openWith(await assertionFor(world.portal, iin as string));
      expect(outcomeOf(answer)).toEqual([403, 'citizen-not-present']);
      if (typeof iin === 'string' && iin.length > 10) expect(answer.text).not.toContain(iin);
    }
    const log = world.logged.join('');
    const long = invalid.filter(({ iin }) => typeof iin === 'string' && /^\d{11,13}$/.test(iin));
    expect(long.filter(({ iin }) => log.includes(String(iin)))).toEqual([]);
  });

  it('counts once, whatever it is used for the second time', async () => {
    const { iin } = await acts.somebody();
    const assertion = await assertionFor(world.portal, iin);
    expect((await openWith(assertion)).status).toBe(201);
    const again = await Promise.all(
      [path, '/v1/refusal-status', '/v1/trail', '/v1/lift-cancellations'].map((where) =>
        call(world, world.portal, {
          ...{ method: 'POST', path: where, key: randomUUID() },
          body: { citizenAssertion: assertion, ...(where === path && place) },
        }),
      ),
    );
    expect(again.map(outcomeOf)).toEqual(Array(4).fill([403, 'citizen-not-present']));
  });

  it('sent twice at once for a reading is read once', async () => {
    const { iin } = await acts.somebody();
    const body = { citizenAssertion: await assertionFor(world.portal, iin) };
    const read = () => call(world, world.portal, { method: 'POST', path: '/v1/refusal-status', body });
    const answers = await Promise.all([read(), read(), read()]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403]);
  });

  it('is not used up by a request that came to nothing', async () => {
    const { iin } = await acts.somebody();
    const body = { citizenAssertion: await assertionFor(world.portal, iin), kind: 'lift', language: 'en' };
    const key = randomUUID();
    const send = () => call(world, world.portal, { method: 'POST', path, key, body });
    expect([outcomeOf(await send()), outcomeOf(await send())]).toEqual([
      [409, 'no-refusal-in-force'],
      [409, 'no-refusal-in-force'],
    ]);
  });
});

describe('the same request again', () => {
  it('at once and later gives the same document, also when the assertion is long used and another day has begun', async () => {
    const before = await applicationsOf();
    const what = { method: 'POST' as const, path, key: randomUUID(), body: await bodyWith(place) };
    const twins = await Promise.all([1, 2, 3].map(() => call(world, world.portal, what)));
    await world.advanceHours(47);
    const later = await call(world, world.portal, what);
    expect([...twins, later].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set([...twins, later].map(({ text }) => text)).size).toBe(1);
    expect(twins.map(({ headers }) => headers['idempotent-replayed']).toSorted()).toEqual([
      'true',
      'true',
      undefined,
    ]);
    expect(later.headers['idempotent-replayed']).toBe('true');
    expect(await applicationsOf()).toBe(before + 1);
  });

  it('with another body is refused, on another route or by another channel it is another request', async () => {
    const key = randomUUID();
    expect((await post(place, { key })).status).toBe(201);
    expect(outcomeOf(await post({ ...place, lockHours: 12 }, { key }))).toEqual([
      422,
      'idempotency-key-reused',
    ]);
    const { iin } = await acts.somebody();
    const elsewhere = await call(world, world.mobile, {
      ...{
        method: 'POST',
        path,
        key,
        body: { citizenAssertion: await assertionFor(world.mobile, iin), ...place },
      },
    });
    expect(elsewhere.status).toBe(201);
    const cancelling = { citizenAssertion: await assertionFor(world.portal, iin) };
    const otherRoute = await call(world, world.portal, {
      ...{ method: 'POST', path: '/v1/lift-cancellations', key, body: cancelling },
    });
    expect(outcomeOf(otherRoute)).toEqual([409, 'no-lift-pending']);
  });
});

describe('acts that make no sense', () => {
  it('are refused when opened: placing twice, lifting nothing, lifting twice, calling off nothing', async () => {
    const who = await acts.somebody();
    const lift = { kind: 'lift' };
    expect(outcomeOf(await acts.open(who.iin, lift))).toEqual([409, 'no-refusal-in-force']);
    expect(outcomeOf(await acts.present('/v1/lift-cancellations', who.iin))).toEqual([
      409,
      'no-lift-pending',
    ]);
    await acts.act(who, place);
    expect(outcomeOf(await acts.open(who.iin, place))).toEqual([409, 'refusal-already-in-force']);
    expect(outcomeOf(await acts.open(who.iin, { ...place, lockHours: 12 }))).toEqual([
      409,
      'refusal-already-in-force',
    ]);
    await acts.act(who, lift);
    expect(outcomeOf(await acts.open(who.iin, lift))).toEqual([409, 'lift-already-pending']);
  });

  it('are refused when signed, if the refusal moved meanwhile', async () => {
    const who = await acts.somebody();
    await acts.act(who, { ...place, lockHours: 12 });
    const lift = (await acts.open(who.iin, { kind: 'lift' })).body as Opened;
    // A placing that was already being signed when the lift was opened: the one way a lock grows under an open lift.
    const grow = (await acts.open(who.iin, { ...place, lockHours: 72 })).body as Opened;
    await world.database.superuser.query(
      `UPDATE applications SET state = 'open' WHERE document_sha256 = $1`,
      [Buffer.from(lift.documentSha256, 'base64url')],
    );
    expect((await acts.sign(grow.applicationId, await signatureOf(who.person, grow.document))).status).toBe(
      200,
    );
    expect((await acts.progress(lift.applicationId)).body).toEqual({ state: 'void' });
    const late = await acts.sign(lift.applicationId, await signatureOf(who.person, lift.document));
    expect(outcomeOf(late)).toEqual([409, 'application-void']);
    // As it was, because fsck names an application that is open beside a newer one.
    await world.database.superuser.query(
      `UPDATE applications SET state = 'void' WHERE document_sha256 = $1`,
      [Buffer.from(lift.documentSha256, 'base64url')],
    );
  });
});

describe('a signature', () => {
  it('that is not the applicant’s over this document, by a good certificate, is refused with its own code', async () => {
    const who = await acts.somebody();
    const other = await acts.somebody();
    const revoked = await world.issue(who.iin);
    world.revoke(revoked);
    // A list in hand is good for seconds.
    await world.advanceHours(1);
    const { applicationId, document } = (await acts.open(who.iin, place)).body as Opened;
    const foreign = Buffer.from('{"kind":"place"}').toString('base64');
    const good = await signatureOf(who.person, document);
    const rows: [string, string][] = [
      ['', 'signature-malformed'],
      ['not base64', 'signature-malformed'],
      [good.replace(/=*$/, '') + '====', 'signature-malformed'],
      [Buffer.from('hello').toString('base64'), 'signature-malformed'],
      [Buffer.concat([Buffer.from(good, 'base64'), Buffer.of(0)]).toString('base64'), 'signature-malformed'],
      [Buffer.alloc(70_000, 0x30).toString('base64'), 'signature-malformed'],
      [await signatureOf(who.person, foreign), 'signature-content-differs'],
      [await signatureOf(who.person, foreign, true), 'signature-content-differs'],
      [await signatureOf(revoked, document), 'certificate-revoked'],
      [await signatureOf(other.person, document), 'signer-not-applicant'],
    ];
    for (const [cms, code] of rows)
      expect(outcomeOf(await acts.sign(applicationId, cms))).toEqual([422, code]);
    const malformed = await call(world, world.portal, {
      ...{ method: 'PUT', path: `/v1/applications/${applicationId}/signature`, body: { cms: 42, pin: '1' } },
    });
    expect([outcomeOf(malformed), pointersOf(malformed)]).toEqual([
      [400, 'request-malformed'],
      ['/pin', '/cms'],
    ]);
    expect((await acts.sign(applicationId, good)).status).toBe(200);
    expect(outcomeOf(await acts.sign(applicationId, await signatureOf(who.person, document, true)))).toEqual([
      409,
      'application-already-signed',
    ]);
  });

  it('of an application that never was or is spelled otherwise finds nothing', async () => {
    const ids = [
      'app_00000000000000000000000000',
      'chk_01k5x5x5x5x5x5x5x5x5x5x5x5',
      'APP_x',
      'x'.repeat(150),
    ];
    for (const id of ids) expect(outcomeOf(await acts.sign(id, 'MAA='))).toEqual([404, 'not-found']);
  });
});

describe('reading', () => {
  it('with a bad page or a bad wait is refused', async () => {
    const { iin } = await acts.somebody();
    const pages = [
      { limit: 0 },
      { limit: 501 },
      { limit: '5' },
      { after: 'bm90IG91cnM' },
      { after: null },
      { before: 'x' },
    ];
    for (const page of pages)
      expect(outcomeOf(await acts.present('/v1/trail', iin, page))).toEqual([400, 'request-malformed']);
    const { applicationId } = (await acts.open(iin, place)).body as Opened;
    for (const query of ['?wait=26', '?wait=-1', '?wait=1.5', '?wait=', '?sleep=1', '?wait=1&wait=2'])
      expect(outcomeOf(await acts.progress(applicationId, query))).toEqual([400, 'request-malformed']);
  });
});

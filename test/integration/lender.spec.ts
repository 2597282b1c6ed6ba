/** The lender's check over HTTP and real PostgreSQL: what it answers, and what bad, repeated and late input gets. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import type { Receipt } from '#libs/journal/receipt.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { call, iins, newWorld, verified, type World } from '../support/citizen-world.js';

interface Answer {
  readonly checkId: string;
  readonly verdict: string;
  readonly asOf: string;
  readonly validUntil?: string;
  readonly receipt: Receipt;
}

const vectors = JSON.parse(readFileSync('test/vectors/iin-vectors.json', 'utf8')) as {
  invalid: { iin: unknown; why: string }[];
};
const somebody = iins.at(-1) ?? '';
const question = (iin: unknown, changes: object = {}): object => ({
  iin,
  product: 'bank-loan',
  stage: 'decision',
  loanRef: 'A-1',
  ...changes,
});

let world: World;
let acts: CitizenActs;
let app: NestFastifyApplication;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  app = await world.startLender();
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

const post = (body: unknown, key: string | undefined = randomUUID(), headers = {}): Promise<Response> =>
  call({ app }, world.bank, {
    method: 'POST',
    path: '/v1/checks',
    body,
    scope: 'checks',
    headers,
    ...(key !== undefined && { key }),
  });
const get = (path: string): Promise<Response> =>
  call({ app }, world.bank, { method: 'GET', path, scope: 'checks' });
const answer = (response: Response): Answer => {
  expect([response.status, response.body]).toEqual([201, expect.anything()]);
  return response.body as Answer;
};
const entries = async (): Promise<number> => {
  const { rows } = await world.database.owner.query<{ size: number }>('SELECT size::int FROM journal_head');
  return rows[0]?.size ?? -1;
};

describe('a check', () => {
  it('of a person who refused nothing is clear for as long as the regime says', async () => {
    const { verdict, asOf, validUntil, receipt } = answer(await post(question(somebody)));
    expect(verdict).toBe('clear');
    expect(Date.parse(validUntil ?? '') - Date.parse(asOf)).toBe(24 * 3_600_000);
    const { entry } = await verified(world, receipt, somebody);
    expect(entry).toMatchObject({ kind: 'check.made', verdict: 'clear', version: 0, at: asOf, validUntil });
  });

  it('before money moves is clear for two minutes only', async () => {
    const { asOf, validUntil } = answer(await post(question(somebody, { stage: 'disbursement' })));
    expect(Date.parse(validUntil ?? '') - Date.parse(asOf)).toBe(120_000);
  });

  it('is refused from the commit of the placing on, and has no validity', async () => {
    const who = await acts.somebody();
    expect(answer(await post(question(who.iin))).verdict).toBe('clear');
    expect((await acts.act(who, { kind: 'place', lockHours: 24 })).status).toBe(200);
    const refused = answer(await post(question(who.iin)));
    expect(refused).not.toHaveProperty('validUntil');
    expect((await verified(world, refused.receipt, who.iin)).entry).toMatchObject({
      verdict: 'refused',
      version: 1,
    });
    expect((await acts.act(who, { kind: 'lift' })).body).toMatchObject({ state: 'lift-pending' });
    expect(answer(await post(question(who.iin))).verdict).toBe('refused');
  });

  it('is found again by its id, with the same entry', async () => {
    const made = answer(await post(question(somebody)));
    const read = await get(`/v1/checks/${made.checkId}`);
    expect([read.status, read.body]).toEqual([200, made]);
  });
});

describe('the same key', () => {
  it('and body gives the same answer and no second entry, in sequence and at once', async () => {
    const key = randomUUID();
    const body = question(somebody);
    const before = await entries();
    const together = await Promise.all([post(body, key), post(body, key), post(body, key)]);
    const later = await post(body, key);
    expect(await entries()).toBe(before + 1);
    for (const response of [...together, later]) expect(answer(response)).toEqual(answer(later));
    expect(later.headers['idempotent-replayed']).toBe('true');
    expect(together.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
  });

  it('with another body is refused, also by a space more', async () => {
    const key = randomUUID();
    answer(await post(question(somebody), key));
    expect((await post(question(somebody, { loanRef: 'A-2' }), key)).body).toMatchObject({
      code: 'idempotency-key-reused',
    });
    const spaced = `${JSON.stringify(question(somebody))} `;
    const respaced = await post(spaced, key, { 'Content-Type': 'application/json' });
    expect([respaced.status, (respaced.body as { code: string }).code]).toEqual([
      422,
      'idempotency-key-reused',
    ]);
  });

  it('is found in the partition of yesterday', async () => {
    const key = randomUUID();
    const body = question(iins[0]);
    const made = answer(await post(body, key));
    await world.advanceHours(24);
    const again = await post(body, key);
    expect([again.headers['idempotent-replayed'], answer(again)]).toEqual(['true', made]);
  });
});

describe('bad input', () => {
  it.each(vectors.invalid)(
    'an IIN that is wrong ($why) leaves no entry and is not repeated',
    async ({ iin }) => {
      const before = await entries();
      const response = await post(question(iin));
      expect([400, 422]).toContain(response.status);
      if (typeof iin === 'string') expect((response.body as { code: string }).code).toBe('iin-malformed');
      if (typeof iin === 'string' && iin.trim() !== '') expect(response.text).not.toContain(iin.trim());
      expect(await entries()).toBe(before);
    },
  );

  it.each([
    ['an unknown member', { extra: 1 }],
    ['a product there is not', { product: 'mortgage' }],
    ['a stage there is not', { stage: 'later' }],
    ['no loanRef', { loanRef: undefined }],
    ['a loanRef of 65 characters', { loanRef: 'x'.repeat(65) }],
    ['a loanRef with a space', { loanRef: 'a b' }],
    ['a loanRef that is a number', { loanRef: 5 }],
    ['a circumstance there is not', { circumstance: 'gift' }],
    ['null where a member may be absent', { role: null }],
    ['a member called __proto__', JSON.parse('{"__proto__":{"iin":"x"}}') as object],
  ])('%s is 400 and leaves no entry', async (_, changes) => {
    const before = await entries();
    const raw = JSON.stringify({ ...question(somebody), ...changes });
    const response = await post(raw, randomUUID(), { 'Content-Type': 'application/json' });
    expect([response.status, response.headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(await entries()).toBe(before);
  });

  it.each([
    ['as it is', (iin: string) => `loan-${iin}`],
    ['behind a letter', (iin: string) => `A${iin}`],
    ['in parts', (iin: string) => `loan-${iin.slice(0, 6)}/${iin.slice(6)}`],
    ['backwards', (iin: string) => `loan-${[...iin].reverse().join('')}`],
    ['in base64', (iin: string) => Buffer.from(`loan-${iin}`).toString('base64url')],
  ])('a reference or key that holds the IIN of the request %s is 422', async (_, spelled) => {
    const before = await entries();
    const wrong = { status: 422, body: { code: 'reference-holds-iin' } };
    expect(await post(question(somebody, { loanRef: spelled(somebody) }))).toMatchObject(wrong);
    expect(await post(question(somebody), spelled(somebody))).toMatchObject(wrong);
    expect(await entries()).toBe(before);
  });

  it('a reference or key with a number that may be a stranger’s is 422, and taken behind a letter or in a UUID', async () => {
    // Month 13, and no other test uses it: what is taken here would be found after each of them.
    const stranger = '871301300128';
    const inRef = await post(question(somebody, { loanRef: `loan/${stranger}` }));
    expect([inRef.status, inRef.body]).toMatchObject([
      422,
      { code: 'reference-holds-iin', errors: [{ pointer: '/loanRef' }] },
    ]);
    expect((inRef.body as { detail: string }).detail).toContain('put a letter in front');
    const inKey = await post(question(somebody), `key:${stranger}`);
    expect([inKey.status, inKey.body]).toMatchObject([422, { errors: [{ pointer: 'Idempotency-Key' }] }]);
    const uuid = `${randomUUID().slice(0, 24)}${stranger}`;
    expect((await post(question(somebody, { loanRef: `A${stranger}` }), uuid)).status).toBe(201);
  });

  it.each([
    ['not JSON', '{', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['a text', '"iin"', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'application/json', 400],
    ['another media type', 'iin=1', 'application/x-www-form-urlencoded', 415],
    [
      'nested deeper than anybody writes',
      '{"iin":'.repeat(900) + '1' + '}'.repeat(900),
      'application/json',
      400,
    ],
    ['a list nested 4 000 deep', '['.repeat(4_000) + ']'.repeat(4_000), 'application/json', 400],
    ['about two people under one name', '{"iin":"1","\\u0069in":"2"}', 'application/json', 400],
    ['in another charset', '{}', 'application/json; charset=utf-16', 415],
    ['longer than a check', `{"iin":"${'9'.repeat(8 * 1024)}"}`, 'application/json', 413],
    ['5 MiB', `{"iin":"${'9'.repeat(5 * 1024 * 1024)}"}`, 'application/json', 413],
  ])('a body that is %s is a problem', async (_, body, type, status) => {
    const response = await post(body as string, randomUUID(), { 'Content-Type': type });
    expect([response.status, response.headers['content-type']]).toEqual([status, 'application/problem+json']);
  });

  it.each([
    ['missing', undefined],
    ['too short', 'short'],
    ['too long', 'x'.repeat(65)],
    ['with a space', 'eight or more'],
  ])('an Idempotency-Key that is %s is 400', async (_, key) => {
    const response = await call({ app }, world.bank, {
      method: 'POST',
      path: '/v1/checks',
      body: question(somebody),
      scope: 'checks',
      ...(key !== undefined && { headers: { 'Idempotency-Key': key } }),
    });
    expect([response.status, response.body]).toMatchObject([
      400,
      { errors: [{ pointer: 'Idempotency-Key' }] },
    ]);
  });

  it.each([
    'chk_0',
    'chk_zzzzzzzzzzzzzzzzzzzzzzzzzz',
    'CHK_01m833m14vep39sxqzgk6250sn',
    'app_01m833m14vep39sxqzgk6250sn',
  ])('an id spelled %s is not found', async (id) => {
    expect((await get(`/v1/checks/${id}`)).status).toBe(404);
  });

  it.each([
    ['is too long for one', `chk_${somebody}${'a'.repeat(300)}`],
    ['cannot be decoded', `%zz${somebody}`],
  ])('an id that %s is not found either, and is not repeated', async (_, id) => {
    const response = await get(`/v1/checks/${id}`);
    expect([response.status, response.headers['content-type'], response.body]).toEqual([
      404,
      'application/problem+json',
      expect.objectContaining({ code: 'not-found', requestId: response.headers['request-id'] }),
    ]);
    expect(response.text).not.toContain(somebody);
  });
});

describe('a list of checks', () => {
  it('pages through one’s own checks in the order they were made, none lost, none twice', async () => {
    const loanRef = `list-${randomUUID().slice(0, 8)}`;
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1)
      made.push(answer(await post(question(somebody, { loanRef }))).checkId);
    const seen: string[] = [];
    let after = '';
    for (let pages = 0; pages < 4; pages += 1) {
      const page = await get(`/v1/checks?loanRef=${loanRef}&limit=2${after}`);
      expect(page.status).toBe(200);
      const { items, next } = page.body as { items: { checkId: string }[]; next: string | null };
      seen.push(...items.map(({ checkId }) => checkId));
      if (next === null) break;
      after = `&after=${next}`;
    }
    expect(seen).toEqual(made);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=x',
    'after=%00',
    'after=nothing',
    'from=yesterday',
    'from=2026-W01-1',
    'from=2026-123',
    'from=2026-02-31T00:00:00Z',
    'from=2026-11-23T00:00:00',
    'from=0000-01-01T00:00:00.000Z',
    'to=9999-12-31T23:59:59.999-01:00',
    'to=1',
    'unknown=1',
  ])('asked with %s is 400', async (query) => {
    expect((await get(`/v1/checks?${query}`)).status).toBe(400);
  });
});

describe('who is told', () => {
  it('GET /v1/party shows the caller his own scopes and keys', async () => {
    const response = await get('/v1/party');
    expect(response.body).toMatchObject({
      clientId: 'bank-alpha',
      kind: 'bank',
      scopes: ['checks', 'loans'],
      keys: [{ use: 'sig' }],
    });
  });

  it('a party suspended in the Journal gets nothing from the next batch on', async () => {
    await world.operate({ kind: 'party.suspended', body: { clientId: 'bank-alpha' } });
    const before = await entries();
    const response = await post(question(somebody));
    expect([response.status, (response.body as { code: string }).code]).toEqual([403, 'party-suspended']);
    expect(await entries()).toBe(before);
  });
});

/** Batches of checks: each item is a check of its own, a bad one spoils only itself, and what was cut short goes on. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import type { Receipt } from '#libs/journal/receipt.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs } from '../support/citizen-acts.js';
import { call, iins, newWorld, verified, type Channel, type World } from '../support/citizen-world.js';

interface Item {
  readonly ref: string | null;
  readonly checkId?: string;
  readonly verdict?: string;
  readonly receipt?: Receipt;
  readonly problem?: { readonly code: string; readonly status: number; readonly errors?: unknown };
}

const secondBase = 'http://127.0.0.1:18081';
const somebody = iins.at(-1) ?? '';
/** None of whom ever refuses anything here. */
const others = iins.slice(10, 20);

let world: World;
let app: NestFastifyApplication;
let secondApp: NestFastifyApplication;
let second: Channel;

beforeAll(async () => {
  world = await newWorld();
  app = await world.startLender();
  secondApp = await world.startLender({ publicBase: secondBase });
  second = { ...world.bank, resource: secondBase };
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

const item = (ref: unknown, changes: object = {}): Record<string, unknown> => ({
  ...{ ref, iin: somebody, product: 'bank-loan', stage: 'decision', loanRef: `L-${String(ref)}` },
  ...changes,
});
const manyItems = (count: number): readonly Record<string, unknown>[] =>
  Array.from({ length: count }, (_, place) => item(`r${place}`, { iin: others[place % others.length] }));
const post = (body: unknown, key: string = randomUUID(), on = app, who = world.bank): Promise<Response> =>
  call({ app: on }, who, {
    ...{ method: 'POST', path: '/v1/check-batches', body, key, scope: 'checks' },
    ...(typeof body === 'string' && { headers: { 'Content-Type': 'application/json' } }),
  });
const itemsOf = (response: Response): readonly Item[] => {
  expect([response.status, response.body]).toEqual([200, expect.anything()]);
  return (response.body as { items: Item[] }).items;
};
const made = async (): Promise<number> => {
  const { rows } = await world.database.owner.query<{ count: number }>('SELECT count(*)::int FROM checks');
  return rows[0]?.count ?? -1;
};

describe('a batch of checks', () => {
  it('answers each item in its place as a check by itself would be answered', async () => {
    const acts = citizenActs(world);
    const who = await acts.somebody();
    expect((await acts.act(who, { kind: 'place', lockHours: 24 })).status).toBe(200);
    const asked = [item('b'), item('a', { iin: who.iin, stage: 'disbursement', role: 'guarantor' })];
    const [clear, refused] = itemsOf(await post({ items: asked }));
    expect([clear, refused]).toMatchObject([
      { ref: 'b', verdict: 'clear' },
      { ref: 'a', verdict: 'refused' },
    ]);
    expect(refused).not.toHaveProperty('validUntil');
    const { entry } = await verified(world, refused?.receipt, who.iin);
    expect(entry).toMatchObject({ kind: 'check.made', role: 'guarantor', stage: 'disbursement', version: 1 });
    const path = `/v1/checks/${clear?.checkId ?? ''}`;
    const read = await call({ app }, world.bank, { method: 'GET', path, scope: 'checks' });
    expect({ ref: 'b', ...(read.body as object) }).toEqual(clear);
  });

  it('spoils only the items that are bad, says where, and repeats no value', async () => {
    const before = await made();
    const response = await post({
      items: [
        item('good'),
        item('wrong-iin', { iin: '001399000015' }),
        item('wrong-product', { product: 'mortgage', extra: 1 }),
        item('shared'),
        item('shared', { iin: others[1] }),
        item('holds', { loanRef: `L-${others[1] ?? ''}`, iin: others[1] }),
        item('holds-anothers', { loanRef: `L-9${others[1] ?? ''}` }),
        item(`x${somebody}`),
        item(undefined),
        item(7),
        null,
        'text',
      ],
    });
    expect(itemsOf(response).map(({ ref, verdict, problem }) => [ref, verdict ?? problem?.code])).toEqual([
      ['good', 'clear'],
      ['wrong-iin', 'iin-malformed'],
      ['wrong-product', 'request-malformed'],
      ['shared', 'request-malformed'],
      ['shared', 'request-malformed'],
      ['holds', 'reference-holds-iin'],
      ['holds-anothers', 'reference-holds-iin'],
      [null, 'reference-holds-iin'],
      [null, 'request-malformed'],
      [null, 'request-malformed'],
      [null, 'request-malformed'],
      [null, 'request-malformed'],
    ]);
    expect(itemsOf(response)[2]?.problem).toMatchObject({
      status: 400,
      type: expect.stringMatching(/^http.*\/problems\/request-malformed$/),
      requestId: response.headers['request-id'],
      errors: [
        { pointer: '/extra', code: 'member-unknown' },
        { pointer: '/product', code: 'member-malformed' },
      ],
    });
    expect(itemsOf(response)[3]?.problem?.errors).toEqual([{ pointer: '/ref', code: 'ref-not-unique' }]);
    for (const value of ['001399000015', 'mortgage', others[1] ?? ''])
      expect(response.text).not.toContain(value);
    expect(await made()).toBe(before + 1);
  });

  it.each<[string, unknown, string, string]>([
    ['a list', [], '/items', 'member-missing'],
    ['empty', {}, '/items', 'member-missing'],
    ['without items', { items: [] }, '/items', 'list-empty'],
    ['with items that are no list', { items: {} }, '/items', 'member-malformed'],
    ['with an unknown member', { items: [{}], note: 1 }, '/note', 'member-unknown'],
    ['one item too long', { items: Array.from({ length: 10_001 }, () => 0) }, '/items', 'list-too-long'],
  ])('that is %s is 400 as a whole', async (_, body, pointer, code) => {
    const response = await post(JSON.stringify(body));
    expect([response.status, response.body]).toMatchObject([400, { errors: [{ pointer, code }] }]);
  });

  it('may be larger than any other body, up to its own bounds', async () => {
    const padded = (bytes: number) => JSON.stringify({ items: [item('a')] }).padEnd(bytes);
    expect((await post(padded(4 * 1024 * 1024))).status).toBe(200);
    expect((await post(padded(4 * 1024 * 1024 + 1))).status).toBe(413);
    expect(
      (await post({ items: [item('a', { extra: Array.from({ length: 130_000 }, () => 0) })] })).status,
    ).toBe(400);
    const single = await call({ app }, world.bank, {
      ...{ method: 'POST', path: '/v1/checks', key: randomUUID(), scope: 'checks' },
      ...{ body: padded(1024 * 1024 + 1), headers: { 'Content-Type': 'application/json' } },
    });
    expect(single.status).toBe(413);
  });

  it('needs a key, and one that holds no IIN of its items', async () => {
    const body = { items: [item('a')] };
    const missing = await call({ app }, world.bank, {
      ...{ method: 'POST', path: '/v1/check-batches', body, scope: 'checks' },
    });
    expect([missing.status, missing.body]).toMatchObject([400, { errors: [{ pointer: 'Idempotency-Key' }] }]);
    const holding = await post(body, `key-${somebody}`);
    expect([holding.status, holding.body]).toMatchObject([
      422,
      { code: 'reference-holds-iin', errors: [{ pointer: 'Idempotency-Key' }] },
    ]);
  });
});

describe('the same batch again', () => {
  it('gives the same answers and makes nothing, one after the other, at once, and in another process', async () => {
    const before = await made();
    const [key, body] = [randomUUID(), { items: [...manyItems(40), item('bad', { stage: 'never' })] }];
    const together = await Promise.all([
      post(body, key),
      post(body, key),
      post(body, key, secondApp, second),
    ]);
    const later = await post(body, key);
    expect(await made()).toBe(before + 40);
    expect(later.headers['idempotent-replayed']).toBe('true');
    const answers = (response: Response) =>
      itemsOf(response).map(({ problem, ...rest }) => ({ ...rest, code: problem?.code }));
    for (const response of together) expect(answers(response)).toEqual(answers(later));
  });

  it('with another body is 422, whichever item differs', async () => {
    const key = randomUUID();
    const items = manyItems(3);
    itemsOf(await post({ items }, key));
    for (const changed of [items.slice(0, 2), [...items.slice(0, 2), item('r2')]]) {
      const response = await post({ items: changed }, key);
      expect([response.status, response.body]).toMatchObject([422, { code: 'idempotency-key-reused' }]);
    }
  });

  it('has keys of its own: neither a single check nor a key that looks like one of an item meets them', async () => {
    const key = `k-${randomUUID().slice(0, 8)}`;
    const before = await made();
    itemsOf(await post({ items: manyItems(2) }, key));
    itemsOf(await post({ items: manyItems(2) }, `${key}#0`));
    const { ref: _, ...body } = item('single');
    const path = '/v1/checks';
    for (const single of [key, `${key}#0`, `${key}#1`]) {
      const check = await call({ app }, world.bank, {
        method: 'POST',
        path,
        body,
        key: single,
        scope: 'checks',
      });
      expect(check.status).toBe(201);
    }
    expect(await made()).toBe(before + 7);
  });

  it('goes on where it was cut short: until all is durable it is 503, and nothing is made twice', async () => {
    const { superuser } = world.database;
    await superuser.query(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'cut' USING ERRCODE = '22023'; END $$;
      CREATE TRIGGER cut BEFORE INSERT ON checks FOR EACH ROW WHEN (NEW.loan_ref = 'L-r550') EXECUTE FUNCTION cut()`);
    const before = await made();
    const [key, body] = [randomUUID(), { items: manyItems(700) }];
    const cut = await post(body, key);
    expect([cut.status, cut.body]).toMatchObject([503, { code: 'registry-unavailable' }]);
    expect(Number(cut.headers['retry-after'])).toBeGreaterThan(0);
    expect(await made()).toBe(before + 699);
    await superuser.query('DROP TRIGGER cut ON checks; DROP FUNCTION cut()');
    const resumed = await post(body, key);
    expect(itemsOf(resumed).map(({ ref, verdict }) => [ref, verdict])).toEqual(
      body.items.map(({ ref }) => [ref, 'clear']),
    );
    expect(resumed.headers['idempotent-replayed']).toBeUndefined();
    expect(await made()).toBe(before + 700);
    expect(itemsOf(await post(body, key))).toEqual(itemsOf(resumed));
  }, 60_000);

  it('of a party that was suspended meanwhile is told so as a whole', async () => {
    await world.operate({ kind: 'party.suspended', body: { clientId: 'bank-alpha' } });
    const response = await post({ items: manyItems(2) });
    expect([response.status, response.body]).toMatchObject([403, { code: 'party-suspended' }]);
  });
});

/** Loans and corrections as bureaus report them: item by item, once, each bureau for itself, and never with the person. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import { newId } from '#libs/journal/id.js';
import { auditAfterEach } from '../support/auditor.js';
import type { BureauReader } from '../support/bureau-reader.js';
import { bureauReader } from '../support/bureau-scene.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { iins, newWorld, type World } from '../support/citizen-world.js';

const somebody = iins.at(-1) ?? '';
const another = iins.at(-4) ?? '';
const lenderBin = '010140000004';

let world: World;
let app: NestFastifyApplication;
let acts: CitizenActs;
let gkb: BureauReader;
let pkb: BureauReader;

beforeAll(async () => {
  world = await newWorld();
  app = await world.startBureau();
  acts = citizenActs(world);
  [gkb, pkb] = [bureauReader(world, app, 'gkb'), bureauReader(world, app, 'pkb')];
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

const hoursAgo = (hours: number): string => new Date(world.registryNow() - hours * 3_600_000).toISOString();
const loan = (changes: object = {}): Record<string, unknown> => ({
  ...{ lenderBin, contractNumber: `K-${randomUUID()}`, iin: somebody, product: 'microcredit' },
  ...{ amount: { value: '90000.00', currency: 'KZT' }, signedAt: hoursAgo(3), disbursedAt: hoursAgo(2) },
  ...changes,
});
const report = (items: unknown, { by = gkb, key = randomUUID() as string } = {}): Promise<Response> =>
  by.call('POST', '/v1/loans', { items }, key);
const correct = (body: object, { by = gkb, key = randomUUID() as string } = {}): Promise<Response> =>
  by.call('POST', '/v1/corrections', body, key);
const breachId = (): string => newId('brc', world.registryNow());

interface Item {
  readonly loanId?: string;
  readonly problem?: { readonly code: string; readonly errors?: readonly { readonly pointer: string }[] };
}
const itemsOf = ({ status, body }: Response): readonly Item[] => {
  expect(status).toBe(200);
  return (body as { items: Item[] }).items;
};
const said = (response: Response): unknown[] =>
  itemsOf(response).map(({ loanId, problem }) =>
    loanId === undefined
      ? [problem?.code, ...(problem?.errors ?? []).map(({ pointer }) => pointer)]
      : 'recorded',
  );
const entriesOf = async (kind: string): Promise<readonly Record<string, unknown>[]> => {
  const { rows } = await world.database.superuser.query<{ entry: string }>(
    'SELECT entry FROM entries WHERE kind LIKE $1 ORDER BY index',
    [kind],
  );
  return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
};
const newEntries = async (kind: string, act: () => Promise<unknown>): Promise<readonly unknown[]> => {
  const before = (await entriesOf(kind)).length;
  await act();
  return (await entriesOf(kind)).slice(before);
};

describe('loans that a bureau reports', () => {
  it('are recorded as it says them, with bureau, lender and the refusal version then in force', async () => {
    const who = await acts.somebody();
    expect((await acts.act(who, { kind: 'place', lockHours: 24 })).status).toBe(200);
    const one = loan({
      iin: who.iin,
      checkId: 'chk_01m833m14vep39sxqzgk6250sn',
      paymentReference: 'ПП № 17',
    });
    const made = await newEntries('loan.%', async () => {
      expect(said(await report([one, loan({ lenderBin: '200340001307' })]))).toEqual([
        'recorded',
        'recorded',
      ]);
    });
    const {
      iin: _iin,
      lenderBin: lender,
      contractNumber: _number,
      paymentReference: _payment,
      ...rest
    } = one;
    expect(made).toMatchObject([
      {
        kind: 'loan.reported',
        ...rest,
        lender,
        bureau: expect.any(String),
        version: 1,
        payment: expect.any(String),
      },
      { kind: 'loan.reported', lender: '200340001307', version: 0 },
    ]);
  });

  it('are one loan a contract, lender and bureau: said again nothing, said otherwise an amendment', async () => {
    const one = loan();
    const [first] = itemsOf(await report([one]));
    const again = await newEntries('loan.%', async () => {
      expect(
        itemsOf(await report([one, { ...one, amount: { value: '1.00', currency: 'KZT' } }])),
      ).toMatchObject([{ loanId: first?.loanId }, { loanId: first?.loanId }]);
    });
    expect(again).toMatchObject([{ kind: 'loan.amended', loanId: first?.loanId }]);
    const others = itemsOf(await report([one], { by: pkb }));
    expect(others[0]?.loanId).not.toBe(first?.loanId);
  });

  it('spoil nobody else’s when one of them is wrong, and no answer repeats a number', async () => {
    const { contractNumber: _, ...nameless } = loan();
    const answer = await report([
      loan(),
      'a text',
      nameless,
      loan({ iin: '123456789012' }),
      loan({ lenderBin: somebody }),
      loan({ unknown: 1 }),
      loan({ disbursedOn: '2026-01-01' }),
      loan({ disbursedAt: hoursAgo(-2) }),
      loan({ contractNumber: `K-${somebody}` }),
      loan({ paymentReference: another }),
      loan({ iin: another }),
    ]);
    expect(said(answer)).toEqual([
      'recorded',
      ['request-malformed'],
      ['request-malformed', '/contractNumber'],
      ['iin-malformed', '/iin'],
      ['request-malformed', '/lenderBin'],
      ['request-malformed', '/unknown'],
      ['request-malformed', '/disbursedOn'],
      ['instant-in-future', '/disbursedAt'],
      ['reference-holds-iin', '/contractNumber'],
      ['reference-holds-iin', '/paymentReference'],
      'recorded',
    ]);
    expect(JSON.stringify(answer.body)).not.toContain(somebody);
  });

  it('are answered as before under the same key, and not at all when its body is another', async () => {
    const [key, items] = [randomUUID(), [loan(), loan({ iin: 'none' })]];
    const first = await report(items, { key });
    const second = await report(items, { key });
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(itemsOf(second)[0]).toEqual(itemsOf(first)[0]);
    expect((await report([loan()], { key })).body).toMatchObject({ code: 'idempotency-key-reused' });
    expect(said(await report(items, { key, by: pkb }))).toMatchObject([
      'recorded',
      ['iin-malformed', '/iin'],
    ]);
  });

  it('are recorded once when they come twice at the same moment', async () => {
    const [key, items] = [randomUUID(), [loan(), loan()]];
    const made = await newEntries('loan.%', async () => {
      const [one, other] = await Promise.all([report(items, { key }), report(items, { key })]);
      expect(itemsOf(one)).toEqual(itemsOf(other));
    });
    expect(made).toHaveLength(2);
    const racing = [loan()];
    const raced = await newEntries('loan.%', () => Promise.all([report(racing), report(racing)]));
    expect(raced).toHaveLength(1);
  });

  it('are up to a thousand a call', async () => {
    const many = Array.from({ length: 1000 }, (_, place) => loan({ iin: place % 2 ? somebody : another }));
    const answer = await report(many);
    expect(new Set(itemsOf(answer).map(({ loanId }) => loanId)).size).toBe(1000);
    for (const wrong of [[], [...many, loan()]])
      expect([(await report(wrong)).status, (await report(wrong)).body]).toMatchObject([
        400,
        { errors: [{ pointer: '/items' }] },
      ]);
  });
});

describe('a correction', () => {
  const correction = (changes: object = {}): { breachId: string } & Record<string, unknown> => ({
    ...{ breachId: breachId(), number: 'REL-7K2M-9QWX-04TD', removedAt: hoursAgo(1), historyRef: 'H-77' },
    ...changes,
  });

  it('is recorded as the bureau says it, once, and superseded by what it says next', async () => {
    const one = correction();
    const made = await newEntries('correction.reported', async () => {
      const first = await correct(one);
      const again = await correct(one);
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.body).toEqual(first.body);
      expect((await correct({ ...one, historyRef: 'H-78' })).status).toBe(201);
      expect((await correct(one, { by: pkb })).status).toBe(201);
    });
    expect(made).toMatchObject([one, { ...one, historyRef: 'H-78' }, one]);
  });

  it('is recorded however late, and not before its hour', async () => {
    expect((await correct(correction({ removedAt: '2024-09-01T00:00:00Z' }))).status).toBe(201);
    expect((await correct(correction({ removedAt: hoursAgo(-1) }))).body).toMatchObject({
      ...{ code: 'instant-in-future', errors: [{ pointer: '/removedAt' }] },
    });
  });

  it('has one answer a key, whoever comes first', async () => {
    const [key, one] = [randomUUID(), correction()];
    const made = await newEntries('correction.reported', async () => {
      const [first, twin] = await Promise.all([correct(one, { key }), correct(one, { key })]);
      expect(first.body).toEqual(twin.body);
      expect([first, twin].filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(
        1,
      );
      expect((await correct(correction(), { key })).body).toMatchObject({ code: 'idempotency-key-reused' });
      const other = randomUUID();
      expect((await correct(one, { key: other })).status).toBe(200);
      expect((await correct(one, { key: other })).headers['idempotent-replayed']).toBe('true');
    });
    expect(made).toHaveLength(1);
  });

  it('holds no number of anybody who has a refusal', async () => {
    const who = await acts.somebody();
    expect((await acts.act(who, { kind: 'place', lockHours: 0 })).status).toBe(200);
    const answer = await correct(correction({ historyRef: `77${who.iin}` }));
    expect([answer.status, answer.body]).toMatchObject([
      422,
      { code: 'reference-holds-iin', errors: [{ pointer: '/historyRef' }] },
    ]);
    expect((await correct(correction({ historyRef: '771234567890123' }))).status).toBe(201);
  });

  it.each([
    ['no breach', { breachId: undefined }, '/breachId'],
    ['a loan for a breach', { breachId: 'lon_01m833m14vep39sxqzgk6250sn' }, '/breachId'],
    ['a number that is none', { number: 'REL-1' }, '/number'],
    ['a day for an instant', { removedAt: '2026-01-01' }, '/removedAt'],
    ['a null', { historyRef: null }, '/historyRef'],
  ])('is refused with %s', async (_, changes, pointer) => {
    expect((await correct(correction(changes))).body).toMatchObject({
      ...{ status: 400, code: 'request-malformed', errors: [{ pointer }] },
    });
  });
});

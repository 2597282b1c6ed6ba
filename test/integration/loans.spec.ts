/** Loans as their lender reports them: recorded once a contract, amended, read again, and never with the person. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import { auditAfterEach } from '../support/auditor.js';
import { huntDatabase } from '../support/iin-hunt.js';
import { citizenActs } from '../support/citizen-acts.js';
import { call, iins, newWorld, type Channel, type World } from '../support/citizen-world.js';

const secondBase = 'http://127.0.0.1:18081';
const somebody = iins.at(-1) ?? '';
const another = iins.at(-4) ?? '';

let world: World;
let app: NestFastifyApplication;
let secondApp: NestFastifyApplication;
let second: Channel;
let mfo: Channel;

beforeAll(async () => {
  world = await newWorld();
  app = await world.startLender();
  secondApp = await world.startLender({ publicBase: secondBase });
  second = { ...world.bank, resource: secondBase };
  const found = world.others.find(({ clientId }) => clientId === 'mfo-gamma');
  if (found === undefined) throw new Error('no mfo-gamma');
  mfo = found;
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

const hoursAgo = (hours: number): string => new Date(world.registryNow() - hours * 3_600_000).toISOString();
const loan = (changes: object = {}): Record<string, unknown> => ({
  ...{ contractNumber: `K-${randomUUID()}`, iin: somebody, product: 'bank-loan' },
  ...{ amount: { value: '1500000.00', currency: 'KZT' }, signedAt: hoursAgo(3), disbursedAt: hoursAgo(2) },
  ...changes,
});
const post = (body: unknown, key: string = randomUUID(), who = world.bank, on = app): Promise<Response> =>
  call({ app: on }, who, { method: 'POST', path: '/v1/loans', body, key, scope: 'loans' });
const get = (path: string, who = world.bank): Promise<Response> =>
  call({ app }, who, { method: 'GET', path, scope: 'loans' });
const loanIdOf = (response: Response, status = 201): string => {
  expect([response.status, response.body]).toEqual([
    status,
    { loanId: expect.stringMatching(/^lon_[0-7][0-9a-hjkmnp-tv-z]{25}$/), findings: [] },
  ]);
  return (response.body as { loanId: string }).loanId;
};
const kinds = async (): Promise<readonly string[]> => {
  const { rows } = await world.database.owner.query<{ kind: string }>(
    `SELECT kind FROM entries WHERE kind LIKE 'loan.%' ORDER BY index`,
  );
  return rows.map(({ kind }) => kind);
};
const newKinds = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
  const before = (await kinds()).length;
  await act();
  return (await kinds()).slice(before);
};

describe('a loan', () => {
  it('is recorded as it was said, also under a refusal, and read again without the person', async () => {
    const acts = citizenActs(world);
    const who = await acts.somebody();
    expect((await acts.act(who, { kind: 'place', lockHours: 24 })).status).toBe(200);
    const body = loan({ iin: who.iin, paymentReference: 'ПП № 17', circumstance: 'tranche' });
    const { iin: _iin, ...said } = body;
    const loanId = loanIdOf(await post(body));
    const read = await get(`/v1/loans/${loanId}`);
    expect([read.status, read.body]).toEqual([
      200,
      { loanId, ...said, findings: [], reportedAt: expect.any(String), amendments: [] },
    ]);
    const { rows } = await world.database.owner.query<{ entry: string; subject: Buffer; version: number }>(
      `SELECT entry, subject, version FROM entries WHERE kind = 'loan.reported' ORDER BY index DESC LIMIT 1`,
    );
    const { contractNumber: _number, paymentReference: _reference, ...terms } = said;
    const entry = JSON.parse(rows[0]?.entry ?? '') as Record<string, unknown>;
    expect(entry).toMatchObject({
      ...terms,
      ...{ loanId, version: 1, lender: '010140000004', person: expect.any(String) },
      ...{ contract: expect.stringMatching(/^[\w-]{43}$/), payment: expect.stringMatching(/^[\w-]{43}$/) },
    });
    expect([entry['contractNumber'], entry['paymentReference']]).toEqual([undefined, undefined]);
  });

  it('whose own numbers are strangers’ IINs is recorded, found and amended by them, and they stand in no column', async () => {
    // Month 13; the hunt of other tests would not know them.
    const [contractNumber, paymentReference] = ['871301300128', '901302500124'];
    const body = loan({ contractNumber, paymentReference });
    const loanId = loanIdOf(await post(body));
    expect(loanIdOf(await post({ ...body, amount: { value: '2.00', currency: 'KZT' } }))).toBe(loanId);
    const found = await get(`/v1/loans?contractNumber=${contractNumber}`);
    expect(found.body).toMatchObject({ items: [{ loanId, contractNumber, paymentReference }], next: null });
    const { superuser } = world.database;
    expect(await huntDatabase(superuser, [contractNumber, paymentReference])).toEqual([]);
    const once = { count: 2, lastAt: expect.any(String) };
    expect((await get('/v1/party')).body).toMatchObject({
      referencesLikeIins: [
        { member: 'contractNumber', ...once },
        { member: 'paymentReference', ...once },
      ],
    });
  });

  it('of somebody never seen before keeps his number sealed, where the lender’s own role cannot read it', async () => {
    loanIdOf(await post(loan({ iin: iins[20] })));
    const asLender = world.database.target('tyiym_lender');
    const { rows } = await world.database.owner.query<{ may: boolean }>(
      `SELECT has_column_privilege($1, 'people', 'iin', 'SELECT') AS may`,
      [asLender.user],
    );
    expect(rows).toEqual([{ may: false }]);
  });

  it('with a day instead of an instant, and with a check of one’s own', async () => {
    const check = await call({ app }, world.bank, {
      ...{ method: 'POST', path: '/v1/checks', key: randomUUID(), scope: 'checks' },
      body: { iin: somebody, product: 'bank-loan', stage: 'decision', loanRef: 'A-1' },
    });
    const { checkId } = check.body as { checkId: string };
    const { disbursedAt: _, ...rest } = loan({ checkId, disbursedOn: hoursAgo(48).slice(0, 10) });
    const loanId = loanIdOf(await post(rest));
    expect((await get(`/v1/loans/${loanId}`)).body).toMatchObject({
      checkId,
      disbursedOn: rest['disbursedOn'],
    });
    const elsewhere = await post(loan({ checkId }), randomUUID(), mfo);
    expect([elsewhere.status, elsewhere.body]).toMatchObject([
      422,
      { code: 'check-unknown', errors: [{ pointer: '/checkId' }] },
    ]);
  });
});

describe('the same contract again', () => {
  it('equal is the same loan and no entry, however it is spelled', async () => {
    const body = loan({ signedAt: '2026-01-02T10:00:00+05:00', disbursedAt: '2026-01-02T06:00:00.5Z' });
    const loanId = loanIdOf(await post(body));
    const respelled = {
      ...body,
      signedAt: '2026-01-02T05:00:00.000Z',
      disbursedAt: '2026-01-02T06:00:00.500Z',
    };
    expect(await newKinds(async () => expect(loanIdOf(await post(respelled), 200)).toBe(loanId))).toEqual([]);
  });

  it('otherwise is an amendment: the loan is as last reported, and what was reported before stays readable', async () => {
    const body = loan();
    const loanId = loanIdOf(await post(body));
    const amount = { value: '900000.50', currency: 'KZT' };
    const appended = await newKinds(async () => {
      expect(loanIdOf(await post({ ...body, amount }))).toBe(loanId);
      expect(loanIdOf(await post({ ...body, amount, iin: another }))).toBe(loanId);
      expect(loanIdOf(await post(body))).toBe(loanId);
    });
    expect(appended).toEqual([
      ...['loan.amended'],
      ...['loan.amended', 'loan.reported'],
      ...['loan.amended', 'loan.reported'],
    ]);
    const read = (await get(`/v1/loans/${loanId}`)).body as { amendments: object[]; amount: object };
    expect(read.amount).toEqual(body['amount']);
    expect(read.amendments).toMatchObject([
      { before: { amount: body['amount'] }, isOtherPerson: false },
      { before: { amount }, isOtherPerson: true },
      { before: { amount }, isOtherPerson: true },
    ]);
    const { rows } = await world.database.owner.query<{ entry: string }>(
      `SELECT entry FROM entries WHERE kind = 'loan.amended' ORDER BY index DESC LIMIT 3`,
    );
    for (const { entry } of rows) {
      const members = JSON.parse(entry) as object;
      expect(members).toMatchObject({ about: expect.stringMatching(/^ent_/), loanId });
      expect(members).not.toHaveProperty('person');
      expect(members).not.toHaveProperty('version');
    }
  });

  it('at once, from two processes: one loan, and every different word of it an entry', async () => {
    const body = loan({ iin: iins[21] });
    const amounts = ['1.00', '2.00', '3.00', '4.00', '5.00', '6.00'];
    const appended = await newKinds(async () => {
      const responses = await Promise.all(
        amounts.flatMap((value) => {
          const said = { ...body, amount: { value, currency: 'KZT' } };
          return [post(said), post(said, randomUUID(), second, secondApp)];
        }),
      );
      for (const { status } of responses) expect([200, 201]).toContain(status);
      expect(new Set(responses.map((each) => (each.body as { loanId: string }).loanId)).size).toBe(1);
    });
    expect(appended.filter((kind) => kind === 'loan.reported')).toHaveLength(1);
    const path = `/v1/loans?contractNumber=${String(body['contractNumber'])}`;
    expect((await get(path)).body).toMatchObject({ items: [expect.anything()], next: null });
  });

  it('of another lender is another loan, and neither sees the other’s', async () => {
    const body = loan();
    const own = loanIdOf(await post(body));
    const theirs = loanIdOf(await post(body, randomUUID(), mfo));
    expect(theirs).not.toBe(own);
    expect((await get(`/v1/loans/${own}`, mfo)).status).toBe(404);
    const path = `/v1/loans?contractNumber=${String(body['contractNumber'])}`;
    expect((await get(path, mfo)).body).toMatchObject({ items: [{ loanId: theirs }] });
  });
});

describe('the same key', () => {
  it('and body is replayed, also when it had recorded nothing; another body is 422', async () => {
    const [body, first, later] = [loan(), randomUUID(), randomUUID()];
    const loanId = loanIdOf(await post(body, first));
    loanIdOf(await post(body, later), 200);
    const appended = await newKinds(async () => {
      for (const [key, status] of [
        [first, 201],
        [later, 200],
      ] as const) {
        const again = await post(body, key);
        expect([loanIdOf(again, status), again.headers['idempotent-replayed']]).toEqual([loanId, 'true']);
        const other = await post(loan(), key);
        expect([other.status, other.body]).toMatchObject([422, { code: 'idempotency-key-reused' }]);
      }
    });
    expect(appended).toEqual([]);
  });
});

describe('bad input', () => {
  it.each<[string, object, string]>([
    ['no contract number', { contractNumber: undefined }, '/contractNumber'],
    ['one with a line break', { contractNumber: 'A\n1' }, '/contractNumber'],
    ['one with a space at its end', { contractNumber: 'A ' }, '/contractNumber'],
    ['one of 65 characters', { contractNumber: 'x'.repeat(65) }, '/contractNumber'],
    ['one composed otherwise', { contractNumber: 'И\u0306' }, '/contractNumber'],
    ['one with half a character', { contractNumber: '\ud800' }, ''],
    ['an amount that is a number', { amount: 1500000 }, '/amount'],
    ['an amount that is a list', { amount: [] }, '/amount'],
    ['no amount', { amount: undefined }, '/amount'],
    ['an amount of nothing', { amount: { value: '0.00', currency: 'KZT' } }, '/amount/value'],
    ['an amount below nothing', { amount: { value: '-1.00', currency: 'KZT' } }, '/amount/value'],
    ['an amount with an exponent', { amount: { value: '1e6', currency: 'KZT' } }, '/amount/value'],
    ['an amount without its places', { amount: { value: '1500000', currency: 'KZT' } }, '/amount/value'],
    [
      'an amount beyond counting',
      { amount: { value: `1${'0'.repeat(15)}.00`, currency: 'KZT' } },
      '/amount/value',
    ],
    ['another currency', { amount: { value: '1.00', currency: 'USD' } }, '/amount/currency'],
    ['an instant without its zone', { signedAt: '2026-01-01T00:00:00' }, '/signedAt'],
    ['a day that is none', { disbursedAt: '2026-02-31T00:00:00Z' }, '/disbursedAt'],
    ['a second day', { disbursedOn: '2026-01-01' }, '/disbursedOn'],
    ['no day at all', { disbursedAt: undefined }, '/disbursedAt'],
    ['a day that does not exist', { disbursedAt: undefined, disbursedOn: '2026-02-30' }, '/disbursedOn'],
    ['an id of another kind', { checkId: 'lon_01m833m14vep39sxqzgk6250sn' }, '/checkId'],
    ['an unknown member', { note: 'x' }, '/note'],
    ['null for a member that may be absent', { paymentReference: null }, '/paymentReference'],
  ])('%s is 400, at its place, and leaves no entry', async (_, changes, pointer) => {
    const appended = await newKinds(async () => {
      const response = await post(loan(changes));
      expect([response.status, response.body]).toMatchObject([400, { errors: [{ pointer }] }]);
    });
    expect(appended).toEqual([]);
  });

  it.each<[string, () => object, string, string]>([
    ['a wrong IIN', () => ({ iin: '001399000015' }), 'iin-malformed', '/iin'],
    [
      'the IIN as contract',
      () => ({ contractNumber: `K${somebody}` }),
      'reference-holds-iin',
      '/contractNumber',
    ],
    [
      'the IIN as reference',
      () => ({ paymentReference: somebody }),
      'reference-holds-iin',
      '/paymentReference',
    ],
    ['signing tomorrow', () => ({ signedAt: hoursAgo(-24) }), 'instant-in-future', '/signedAt'],
    ['payment in an hour', () => ({ disbursedAt: hoursAgo(-1) }), 'instant-in-future', '/disbursedAt'],
    [
      'payment on a day to come',
      () => ({ disbursedAt: undefined, disbursedOn: hoursAgo(-48).slice(0, 10) }),
      ...(['instant-in-future', '/disbursedOn'] as const),
    ],
    ['an unknown check', () => ({ checkId: 'chk_01m833m14vep39sxqzgk6250sn' }), 'check-unknown', '/checkId'],
  ])('%s is 422, at its place, and repeats no value', async (_, changes, code, pointer) => {
    const appended = await newKinds(async () => {
      const response = await post(loan(changes()));
      expect([response.status, response.body]).toMatchObject([422, { code, errors: [{ pointer }] }]);
      expect(response.text).not.toContain(somebody);
    });
    expect(appended).toEqual([]);
  });

  it.each(['limit=0', 'from=1', 'contractNumber=%00', 'after=x', 'other=1'])(
    'a list asked with %s is 400',
    async (query) => {
      expect((await get(`/v1/loans?${query}`)).status).toBe(400);
    },
  );
});

describe('a list of loans', () => {
  it('pages through one’s own in the order of their first report, as last reported', async () => {
    const from = new Date(world.registryNow()).toISOString();
    const bodies = [loan(), loan(), loan()];
    const ids: string[] = [];
    for (const body of bodies) ids.push(loanIdOf(await post(body)));
    loanIdOf(await post({ ...bodies[0], product: 'microcredit' }));
    const first = (await get(`/v1/loans?from=${from}&limit=2`)).body as { items: object[]; next: string };
    const rest = (await get(`/v1/loans?from=${from}&limit=2&after=${first.next}`)).body as {
      items: object[];
    };
    expect([...first.items, ...rest.items]).toMatchObject([
      { loanId: ids[0], product: 'microcredit' },
      { loanId: ids[1] },
      { loanId: ids[2] },
    ]);
    expect((await get(`/v1/loans?to=${from}&limit=500`)).body).toMatchObject({ next: null });
  });
});

/** Notices that a refusal was placed: to lenders with an application in flight, once, at once, and to nobody else. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import type { DataSource, EntityManager } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs, type Somebody } from '../support/citizen-acts.js';
import { call, newWorld, type Channel, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';
import { origin } from '../support/journals.js';

interface Page {
  readonly items: readonly {
    noticeId: string;
    kind: string;
    at: string;
    loanRef?: string;
    checkId?: string;
  }[];
  readonly next: string | null;
}

let world: World;
let acts: CitizenActs;
let app: NestFastifyApplication;
let clerk: INestApplicationContext;
let owner: DataSource;
let mfo: Channel;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  app = await world.startLender();
  clerk = await world.startClerk();
  owner = await openDatabase(world.database.target('tyiym_owner'), { poolSize: 2 });
  const found = world.others.find(({ clientId }) => clientId === 'mfo-gamma');
  if (found === undefined) throw new Error('no mfo-gamma');
  mfo = found;
}, 60_000);
auditAfterEach(() => world);
afterAll(async () => {
  await owner.destroy();
  await world.close();
});

const check = async (who: Somebody, loanRef: string, lender = world.bank): Promise<string> => {
  const response = await call({ app }, lender, {
    ...{ method: 'POST', path: '/v1/checks', key: randomUUID(), scope: 'checks' },
    body: { iin: who.iin, product: 'bank-loan', stage: 'decision', loanRef },
  });
  expect(response.status).toBe(201);
  return (response.body as { checkId: string }).checkId;
};
const reportLoan = async (who: Somebody, changes: object = {}): Promise<void> => {
  const at = new Date(world.registryNow() - 1000).toISOString();
  const said = {
    product: 'bank-loan',
    amount: { value: '1.00', currency: 'KZT' },
    signedAt: at,
    disbursedAt: at,
  };
  const response = await call({ app }, world.bank, {
    ...{ method: 'POST', path: '/v1/loans', key: randomUUID(), scope: 'loans' },
    body: { contractNumber: randomUUID(), iin: who.iin, ...said, ...changes },
  });
  expect(response.status).toBe(201);
};
const place = async (who: Somebody): Promise<void> => {
  expect((await acts.act(who, { kind: 'place', lockHours: 0 })).status).toBe(200);
};
const get = (query: string, lender = world.bank): Promise<Response> =>
  call({ app }, lender, { method: 'GET', path: `/v1/notices${query}`, scope: 'checks' });
const read = async (query: string, lender = world.bank): Promise<Page> => {
  const response = await get(query, lender);
  expect([response.status, response.body]).toEqual([200, expect.anything()]);
  return response.body as Page;
};
/** Where a lender stands now; everything it was told before is left behind. */
const positionOf = async (lender = world.bank): Promise<string> => {
  for (let after = ''; ;) {
    const { items, next } = await read(`?after=${after}&limit=500`, lender);
    if (items.length === 0) return next === null ? '' : `&after=${next}`;
    after = next ?? '';
  }
};
/** The clerk has dealt with everything there is. */
const dealtWith = (): Promise<unknown> =>
  eventually(
    'the clerk has read the feed',
    () =>
      world.database.superuser.query(
        'SELECT FROM notices_position WHERE entry_index >= (SELECT max(entry_index) FROM feed)',
      ),
    ({ rowCount }) => rowCount === 1,
  );
const delivered = async (): Promise<number> => {
  const { rows } = await world.database.superuser.query<{ count: number }>(
    `SELECT count(*)::int FROM entries WHERE kind = 'notice.delivered'`,
  );
  return rows[0]?.count ?? -1;
};

describe('a placing', () => {
  it('is told at once to a lender that waits, naming its application and not the person', async () => {
    const who = await acts.somebody();
    await check(who, 'N-1');
    const checkId = await check(who, 'N-1');
    const from = await positionOf();
    const waiting = read(`?wait=25${from}`);
    await place(who);
    const { items, next } = await waiting;
    expect(items).toEqual([
      {
        noticeId: expect.stringMatching(/^ntc_/),
        ...{ kind: 'refusal-placed', loanRef: 'N-1', checkId },
        at: expect.stringMatching(/Z$/),
      },
    ]);
    const { rows } = await world.database.superuser.query<{ entry: string }>(
      `SELECT entry FROM entries WHERE kind = 'notice.delivered' ORDER BY index DESC LIMIT 1`,
    );
    expect(JSON.parse(rows[0]?.entry ?? '')).toMatchObject({
      ...{ kind: 'notice.delivered', noticeId: items[0]?.noticeId, told: 'refusal-placed', checkId },
      about: expect.stringMatching(/^ent_/),
    });
    expect(await read(`?after=${next ?? ''}`)).toEqual({ items: [], next });
  });

  it('is told again for each placing, and once for each application of each lender', async () => {
    const who = await acts.somebody();
    for (const loanRef of ['N-2', 'N-3']) await check(who, loanRef);
    await check(who, 'M-1', mfo);
    const [from, fromMfo] = [await positionOf(), await positionOf(mfo)];
    await place(who);
    expect(((await acts.act(who, { kind: 'lift' })).body as { state: string }).state).toBe('lifted');
    await place(who);
    await dealtWith();
    const told = (page: Page): unknown => page.items.map(({ loanRef }) => loanRef).toSorted();
    expect(told(await read(`?${from}`))).toEqual(['N-2', 'N-2', 'N-3', 'N-3']);
    expect(told(await read(`?${fromMfo}`, mfo))).toEqual(['M-1', 'M-1']);
  });

  it('is not told to strangers, nor after the loan was reported, nor beyond the window', async () => {
    const [reported, named, late] = [await acts.somebody(), await acts.somebody(), await acts.somebody()];
    await check(late, 'N-4');
    await world.advanceHours(7 * 24 + 1);
    await check(reported, 'N-5');
    const checkId = await check(named, 'N-6');
    await check(named, 'N-7');
    await reportLoan(reported);
    await reportLoan(named, { checkId });
    const [from, fromMfo] = [await positionOf(), await positionOf(mfo)];
    for (const who of [reported, named, late]) await place(who);
    await dealtWith();
    expect((await read(`?${from}`)).items.map(({ loanRef }) => loanRef)).toEqual(['N-7']);
    expect((await read(`?${fromMfo}`, mfo)).items).toEqual([]);
  });

  it('that found the clerk away is told when it is back, once, also by two of them', async () => {
    const who = await acts.somebody();
    await check(who, 'N-8');
    const from = await positionOf();
    await clerk.close();
    await place(who);
    expect((await read(`?${from}`)).items).toEqual([]);
    clerk = await world.startClerk();
    const second = await world.startClerk();
    await dealtWith();
    await second.close();
    expect((await read(`?${from}`)).items.map(({ loanRef }) => loanRef)).toEqual(['N-8']);
  });
});

describe('fetching', () => {
  it('is an entry once a notice, however often and by however many at once it is fetched', async () => {
    const who = await acts.somebody();
    for (const loanRef of ['F-1', 'F-2', 'F-3']) await check(who, loanRef);
    const from = await positionOf();
    await place(who);
    await dealtWith();
    const before = await delivered();
    const behind = async (): Promise<unknown> =>
      (
        (await call({ app }, world.bank, { method: 'GET', path: '/v1/party', scope: 'checks' })).body as {
          noticesBehind: number;
        }
      ).noticesBehind;
    expect(await behind()).toBe(3);
    const pages = await Promise.all([
      read(`?limit=2${from}`),
      read(`?limit=2${from}`),
      read(`?limit=2${from}`),
    ]);
    expect(await delivered()).toBe(before + 2);
    expect(await behind()).toBe(1);
    for (const page of pages) expect(page).toEqual(pages[0]);
    const rest = await read(`?after=${pages[0]?.next ?? ''}`);
    expect([...(pages[0]?.items ?? []), ...rest.items].map(({ loanRef }) => loanRef)).toEqual([
      'F-1',
      'F-2',
      'F-3',
    ]);
    expect(await delivered()).toBe(before + 3);
    expect(await behind()).toBe(0);
  });

  it.each(['?after=nothing', '?after=bjAx', '?wait=26', '?wait=-1', '?wait=1.5', '?limit=501', '?other=1'])(
    'asked with %s is 400',
    async (query) => {
      expect((await get(query)).status).toBe(400);
    },
  );
});

describe('fsck', () => {
  it.each([
    ['a notice to another lender', `UPDATE notices SET lender = 'mfo-gamma' WHERE lender = 'bank-alpha'`],
    ['a notice of another instant', `UPDATE notices SET at = at + interval '1 hour'`],
    [
      'a notice of no placing',
      `UPDATE notices SET entry_index = 0 WHERE seq = (SELECT min(seq) FROM notices)`,
    ],
    [
      'a fetching nobody made',
      `UPDATE notice_deliveries SET entry_index = 0 WHERE notice_id = (SELECT notice_id FROM notices ORDER BY seq LIMIT 1)`,
    ],
    ['a fetching that is gone', `DELETE FROM notice_deliveries`],
  ])('names %s', async (_, sql) => {
    const runner = owner.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query(sql);
      expect((await findings(runner.manager)).map(({ table }) => table)).toContainEqual(
        expect.stringMatching(/^notice/),
      );
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('misses a notice that was due, one of a placing long past as well as the newest', async () => {
    const runner = owner.createQueryRunner();
    await runner.startTransaction();
    try {
      const { seq } = (
        (await runner.query('SELECT seq FROM notices ORDER BY seq DESC OFFSET 3 LIMIT 1')) as {
          seq: number;
        }[]
      )[0] ?? { seq: -1 };
      for (const which of [`seq = ${seq}`, `seq = (SELECT max(seq) FROM notices)`]) {
        await runner.query(
          `DELETE FROM notice_deliveries WHERE notice_id IN (SELECT notice_id FROM notices WHERE ${which})`,
        );
        await runner.query(`DELETE FROM notices WHERE ${which}`);
      }
      const missing = (await findings(runner.manager)).filter(({ table }) => table === 'notices');
      expect(missing.map(({ code, row }) => [code, row])).toEqual([
        ['row-missing', expect.stringMatching(/^\d+ to (bank-alpha|mfo-gamma)$/)],
        ['row-missing', expect.stringMatching(/^\d+ to bank-alpha$/)],
      ]);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  async function findings(tx: EntityManager) {
    const { tool } = world;
    const keys = { identityKey: readIdentityKey(tool.keysDir), lookupKeys: readLookupKeys(tool.keysDir) };
    return (await fsck({ tx, origin, trust: trustOf(tool), pageSize: 7, ...keys })).findings;
  }
});

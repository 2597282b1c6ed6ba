/** The ceiling of people a lender may ask about on a legal day: who meets it, what is answered beyond, and until when. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Response } from 'supertest';
import { Journal } from '#libs/journal/journal.service.js';
import { watchdogId } from '#libs/party/party.js';
import { parseIin } from '#libs/subject/iin.js';
import { PeopleAskedService } from '../../apps/clerk/harvesting/people-asked.service.js';
import { ChecksService } from '../../apps/lender/checks/checks.service.js';
import { CheckLimits } from '../../apps/lender/limits/check-limits.service.js';
import { LoansService } from '../../apps/lender/loans/loans.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { call, iins, newWorld, type Channel, type World } from '../support/citizen-world.js';
import { party } from '../support/operator.js';

const secondBase = 'http://127.0.0.1:18081';

let world: World;
let lenders: readonly NestFastifyApplication[];
let clerk: INestApplicationContext;

beforeAll(async () => {
  world = await newWorld();
  // Another address, because passport knows one strategy for each.
  lenders = [await world.startLender(), await world.startLender({ publicBase: secondBase })];
  for (const clientId of ['bank-lending', watchdogId])
    await world.operate({
      kind: 'party.admitted',
      body: { party: await party(clientId, 'bank', ['checks']) },
    });
  await enact({ floor: 8, most: 40 });
  clerk = await world.startClerk();
}, 90_000);
auditAfterEach(() => world);
afterAll(() => world.close());

/** So many for banks, from now on. */
async function enact(bank: { floor: number; most: number }, subjectOfRule = ''): Promise<void> {
  const value = { bank, mfo: { floor: 4, most: 8 }, peoplePerLoan: 60 };
  const appliesFrom = new Date(world.registryNow()).toISOString();
  const more = { appliesBy: 'askedAt', appliesFrom, source: 'a test', certainty: 'open' };
  await world.operate({
    kind: 'regime.changed',
    body: { rule: { name: 'peopleADay', value, subjectOfRule, ...more } },
  });
}

async function ask(clientId: string, persons: readonly string[], loanRef = 'A-1'): Promise<void> {
  const checks = lenders[0]?.get(ChecksService, { strict: false });
  for (const iin of persons)
    await checks?.make(
      clientId,
      { iin: parseIin(iin), product: 'bank-loan', stage: 'decision', loanRef },
      { key: randomUUID(), bodyHmac: randomBytes(32) },
    );
}

async function report(clientId: string, iin: string): Promise<void> {
  const at = world.registryNow() - 60_000;
  await lenders[0]?.get(LoansService, { strict: false }).report(
    clientId,
    {
      ...{ contractNumber: randomUUID(), iin: parseIin(iin), product: 'bank-loan', amount: '1.00' },
      ...{ signedAt: at, disbursedAt: at },
    },
    { key: randomUUID(), bodyHmac: randomBytes(32) },
  );
}

/** The clerk counts, and every process of the lenders hears of it. */
async function count(by: INestApplicationContext = clerk): Promise<void> {
  await by.get<Journal<never, object>>(Journal, { strict: false }).refreshRules();
  await by.get(PeopleAskedService, { strict: false }).look();
  for (const app of lenders) await app.get(CheckLimits, { strict: false }).beat();
}

/** The alarms so far, by whichever turn of whichever worker. */
async function alarms(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { rows } = await world.database.superuser.query<{ entry: string }>(
    `SELECT entry FROM entries WHERE kind = 'harvesting.suspected' ORDER BY index`,
  );
  return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
}

const check = (app = lenders[0], who = world.bank): Promise<Response> =>
  call({ app: app as NestFastifyApplication }, at(app, who), {
    ...{ method: 'POST', path: '/v1/checks', scope: 'checks', key: randomUUID() },
    body: { iin: iins[0], product: 'bank-loan', stage: 'decision', loanRef: 'A-1' },
  });
/** A party as it calls one of the two. */
const at = (app: NestFastifyApplication | undefined, who: Channel): Channel =>
  app === lenders[1] ? { ...who, resource: secondBase } : who;
const askedOf = async (): Promise<unknown> => {
  const read = { method: 'GET', path: '/v1/party', scope: 'checks' } as const;
  const { body } = await call(
    { app: lenders[1] as NestFastifyApplication },
    at(lenders[1], world.bank),
    read,
  );
  return (body as { peopleAsked: unknown }).peopleAsked;
};

it('a lender that has asked about nobody today is told no figure', async () => {
  await count();
  expect(await askedOf()).toBeNull();
});

it('a lender that asks about each person twice counts each once, and is alarmed at half its ceiling, once', async () => {
  await ask('bank-alpha', iins.slice(0, 3));
  await ask('bank-alpha', iins.slice(0, 3), 'A-2');
  await ask(
    watchdogId,
    Array.from({ length: 30 }, () => iins[5] ?? ''),
  );
  await count();
  expect(await alarms()).toEqual([]);
  await ask('bank-alpha', iins.slice(3, 4));
  await count();
  await ask('bank-alpha', iins.slice(4, 5));
  await count();
  expect(await askedOf()).toMatchObject({ people: 5, ceiling: 8 });
  expect(await alarms()).toMatchObject([
    { span: 'today', people: 4, ceiling: 8, reasons: ['people-a-day'], rule: { peoplePerLoan: 60 } },
  ]);
  for (const member of ['person', 'version', 'about']) expect((await alarms())[0]).not.toHaveProperty(member);
});

it('at its ceiling every process answers 429 until midnight in Almaty, each item of a batch as well, and another lender is answered', async () => {
  await ask('bank-alpha', iins.slice(5, 8));
  await count();
  const now = world.registryNow();
  const midnight = Math.ceil((now + 5 * 3_600_000) / 86_400_000) * 86_400_000 - 5 * 3_600_000;
  for (const app of lenders) {
    const refused = await check(app);
    expect([refused.status, refused.body]).toMatchObject([429, { code: 'too-many-requests' }]);
    const seconds = Number(refused.headers['retry-after']);
    expect(Math.abs(now + seconds * 1000 - midnight)).toBeLessThan(60_000);
    expect(refused.headers['ratelimit-policy']).toBe('"people-a-day";q=8;w=86400');
    expect(refused.headers['ratelimit']).toBe(`"people-a-day";r=0;t=${seconds}`);
  }
  const item = { iin: iins[0], product: 'bank-loan', stage: 'decision', loanRef: 'A-1' };
  const batch = await call({ app: lenders[1] as NestFastifyApplication }, at(lenders[1], world.bank), {
    ...{ method: 'POST', path: '/v1/check-batches', scope: 'checks', key: randomUUID() },
    body: {
      items: [
        { ref: 'a', ...item },
        { ref: 'b', ...item, iin: '1' },
      ],
    },
  });
  expect([batch.status, batch.body]).toMatchObject([
    200,
    {
      items: [
        { ref: 'a', problem: { code: 'too-many-requests' } },
        { ref: 'b', problem: { code: 'iin-malformed' } },
      ],
    },
  ]);
  expect((await check(lenders[0], world.others[0])).status).toBe(201);
});

it('a clerk that begins anew, counts what it reads, and raises no second alarm, opens nothing', async () => {
  const { superuser } = world.database;
  // As if it had read half of the day so far.
  await superuser.query(`UPDATE people_asked SET people = 100 WHERE lender = 'bank-alpha'`);
  const anew = await world.startClerk();
  try {
    await count(anew);
    expect(await alarms()).toHaveLength(1);
    const { rows } = await superuser.query(`SELECT people FROM people_asked WHERE lender = 'bank-alpha'`);
    expect(rows).toEqual([{ people: 100 }]);
    expect((await check()).status).toBe(429);
  } finally {
    await superuser.query(`UPDATE people_asked SET people = 8 WHERE lender = 'bank-alpha'`);
    await anew.close();
  }
});

it('while the database cannot be read a closed lender stays closed', async () => {
  const limits = lenders[0]?.get(CheckLimits, { strict: false });
  await world.database.superuser.query('REVOKE SELECT ON people_asked FROM tyiym_lender');
  try {
    await limits?.beat();
    expect((await check()).status).toBe(429);
  } finally {
    await world.database.superuser.query('GRANT SELECT ON people_asked TO tyiym_lender');
  }
});

it('an act of officials for one lender moves its ceiling from its date', async () => {
  await enact({ floor: 20, most: 40 }, 'bank-alpha');
  await count();
  expect((await check()).status).toBe(201);
  expect(await askedOf()).toMatchObject({ people: 8, ceiling: 20 });
});

it('the next day begins with nobody, and loans that were reported raise the ceiling up to the most', async () => {
  for (const iin of iins.slice(0, 6)) await report('bank-lending', iin);
  await world.advanceHours(24);
  await ask('bank-lending', iins.slice(0, 5));
  await ask('bank-alpha', iins.slice(0, 1));
  // Six loans in thirty days, sixty people each: twelve a day, of which five are less than half.
  await count();
  expect(await alarms()).toHaveLength(1);
  const { rows } = await world.database.superuser.query(
    `SELECT lender, people, ceiling FROM people_asked WHERE ends_at > registry_now() ORDER BY lender`,
  );
  expect(rows).toEqual([
    { lender: 'bank-alpha', people: 1, ceiling: 20 },
    { lender: 'bank-lending', people: 5, ceiling: 12 },
  ]);
});

/** Harvesting on a real registry: who is suspected and who is not, once, by two workers, and what the entry says. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Journal } from '#libs/journal/journal.service.js';
import { watchdogId } from '#libs/party/party.js';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { parseIin } from '#libs/subject/iin.js';
import { endedWindows } from '../../apps/clerk/harvesting/askings.store.js';
import { HarvestingService } from '../../apps/clerk/harvesting/harvesting.service.js';
import { keepFigures } from '../../apps/clerk/upkeep/figures.store.js';
import { ChecksService } from '../../apps/lender/checks/checks.service.js';
import { LoansService } from '../../apps/lender/loans/loans.service.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { auditAfterEach } from '../support/auditor.js';
import { iins, newWorld, type World } from '../support/citizen-world.js';
import { party } from '../support/operator.js';

let world: World;
let lender: NestFastifyApplication;
let clerks: readonly INestApplicationContext[];

/** Only days are judged here, because an hour may end while the checks are made. */
const rule = {
  peopleAtLeast: { hour: 1_000_000, day: 5 },
  timesPeers: 3,
  peoplePerLoan: 50,
  repeats: { hour: 1_000_000, day: 9 },
};

beforeAll(async () => {
  world = await newWorld();
  lender = await world.startLender();
  for (const clientId of [
    ...['bank-b', 'bank-c', 'bank-harvesting', 'bank-lending', 'bank-small', 'bank-twice'],
    watchdogId,
  ])
    await world.operate({
      kind: 'party.admitted',
      body: { party: await party(clientId, 'bank', ['checks']) },
    });
  const appliesFrom = new Date(world.registryNow()).toISOString();
  await world.operate({
    kind: 'regime.changed',
    body: {
      rule: {
        name: 'harvesting',
        value: rule,
        appliesBy: 'askedAt',
        appliesFrom,
        source: 'a test',
        certainty: 'open',
      },
    },
  });
  for (const bank of ['bank-alpha', 'bank-b', 'bank-c']) {
    await ask(bank, iins.slice(0, 6));
    await ask(bank, iins.slice(0, 3), 'disbursement');
    for (const iin of iins.slice(0, 3)) await report(bank, iin);
  }
  await ask('bank-harvesting', iins.slice(0, 12));
  await ask('bank-small', iins.slice(0, 4));
  // It asks about each of them again, before money would move, and lends to none.
  await ask('bank-twice', iins.slice(0, 12));
  await ask('bank-twice', iins.slice(0, 12), 'disbursement');
  // It asks nobody a second time; that it lends, its reports of loans show.
  await ask('bank-lending', iins.slice(0, 12));
  for (const iin of iins.slice(3, 6)) await report('bank-lending', iin);
  // It asks about one person more often than anybody, and is nobody's peer.
  await ask(
    watchdogId,
    Array.from({ length: 60 }, () => iins[5] ?? ''),
  );
  await ask(
    'mfo-gamma',
    Array.from({ length: 9 }, () => iins[5] ?? ''),
  );
  clerks = [await world.startClerk(), await world.startClerk()];
  // Their own first turn is behind them, so that the alarms are those of the looks below.
  for (const clerk of clerks) await clerk.get(HarvestingService, { strict: false }).look();
  await world.advanceHours(24);
}, 300_000);
auditAfterEach(() => world);
afterAll(() => world.close());

/** A check of each of these persons. */
async function ask(
  clientId: string,
  persons: readonly string[],
  stage: 'decision' | 'disbursement' = 'decision',
): Promise<void> {
  const checks = lender.get(ChecksService, { strict: false });
  await Promise.all(
    persons.map((iin) =>
      checks.make(
        clientId,
        { iin: parseIin(iin), product: 'bank-loan', stage, loanRef: 'A-1' },
        { key: randomUUID(), bodyHmac: randomBytes(32) },
      ),
    ),
  );
}

/** A loan of this person. */
async function report(clientId: string, iin: string): Promise<void> {
  const at = world.registryNow() - 60_000;
  await lender.get(LoansService, { strict: false }).report(
    clientId,
    {
      ...{ contractNumber: randomUUID(), iin: parseIin(iin), product: 'bank-loan', amount: '1.00' },
      ...{ signedAt: at, disbursedAt: at },
    },
    { key: randomUUID(), bodyHmac: randomBytes(32) },
  );
}

async function suspicions(): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await world.database.superuser.query<{ entry: string }>(
    `SELECT entry FROM entries WHERE kind = 'harvesting.suspected' ORDER BY party`,
  );
  return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
}

it('the lenders that lend to none, asking once or twice, and the one that asks nine times about one person are suspected, once, though two workers look', async () => {
  const looks = await Promise.all(
    clerks.map(async (clerk) => {
      await clerk.get<Journal<never, object>>(Journal, { strict: false }).refreshRules();
      return clerk.get(HarvestingService, { strict: false }).look();
    }),
  );
  const raised = looks.flat().map(({ lender: who, reasons }) => [who, reasons]);
  expect(raised.toSorted()).toEqual([
    ['bank-harvesting', ['people-per-loan']],
    ['bank-twice', ['people-per-loan']],
    ['mfo-gamma', ['repeats']],
  ]);
});

it('the entry holds the figures and the thresholds it rests on, and no person', async () => {
  const [harvester, twice, repeater, ...more] = await suspicions();
  expect(more).toEqual([]);
  expect(harvester).toMatchObject({
    ...{ lender: '010140000004', span: 'day', checks: 12, people: 12, followed: 0, repeats: 1 },
    ...{ reasons: ['people-per-loan'], peers: 6, peersPerLoan: 3, rule },
  });
  expect(twice).toMatchObject({ checks: 24, people: 12, followed: 0, repeats: 2 });
  expect(Date.parse(String(harvester?.['to'])) - Date.parse(String(harvester?.['from']))).toBe(86_400_000);
  expect(repeater).toMatchObject({ checks: 9, people: 1, repeats: 9, reasons: ['repeats'], peers: 0 });
  for (const entry of [harvester, repeater])
    for (const member of ['person', 'version', 'about']) expect(entry).not.toHaveProperty(member);
});

it('the public counts leave out what the watchdog asked', async () => {
  const clerk = await openDatabase(world.database.target('tyiym_clerk_worker'), { poolSize: 1 });
  await keepFigures(clerk.manager);
  await clerk.destroy();
  const { rows } = await world.database.superuser.query<{ sum: number }>(
    `SELECT sum(value)::float8 FROM figures WHERE name = 'checks'`,
  );
  // 88 by lenders, rounded to tens each hour, and 60 by the watchdog.
  expect(rows[0]?.sum).toBeGreaterThanOrEqual(80);
  expect(rows[0]?.sum).toBeLessThanOrEqual(100);
});

it('a worker that was started anew judges the same windows again and leaves nothing more', async () => {
  const again = await world.startClerk();
  try {
    expect(await again.get(HarvestingService, { strict: false }).look()).toEqual([]);
    expect(await suspicions()).toHaveLength(3);
  } finally {
    await again.close();
  }
});

it('fsck misses an alarm whose row is gone, and knows one that no entry stands behind', async () => {
  const { superuser } = world.database;
  const tool = await openDatabase(world.database.target('tyiym_tool'), { poolSize: 1 });
  const findings = async (): Promise<string[]> => {
    const { tool: config } = world;
    const report = await fsck({
      ...{ tx: tool.manager, origin: config.origin, trust: trustOf(config) },
      identityKey: readIdentityKey(config.keysDir),
      lookupKeys: readLookupKeys(config.keysDir),
    });
    return report.findings.map(({ code, table }) => `${code} ${table ?? ''}`);
  };
  try {
    expect(await findings()).toEqual([]);
    await superuser.query(`UPDATE harvesting_alarms SET entry_index = 0 WHERE lender = 'mfo-gamma'`);
    expect((await findings()).toSorted()).toEqual([
      'row-missing harvesting_alarms',
      'row-unknown harvesting_alarms',
    ]);
  } finally {
    await superuser.query(
      `UPDATE harvesting_alarms SET entry_index = (SELECT index FROM entries
         WHERE kind = 'harvesting.suspected' AND party = 'mfo-gamma') WHERE lender = 'mfo-gamma'`,
    );
    await tool.destroy();
  }
});

it('the windows that are over are the last hours and legal days of Almaty, none of them still running', async () => {
  const clerk = await openDatabase(world.database.target('tyiym_clerk_worker'), { poolSize: 1 });
  try {
    const windows = await endedWindows(clerk.manager);
    const spans = (length: string) => windows.filter(({ span }) => span === length);
    expect([spans('hour').length, spans('day').length]).toEqual([24, 2]);
    for (const { begins, ends, span } of windows) {
      expect(ends).toBeLessThanOrEqual(world.registryNow());
      expect(ends - begins).toBe(span === 'hour' ? 3_600_000 : 86_400_000);
      // 19:00 UTC is midnight there.
      expect(new Date(begins).toISOString()).toMatch(span === 'hour' ? /:00:00\.000Z$/ : /T19:00:00\.000Z$/);
    }
  } finally {
    await clerk.destroy();
  }
});

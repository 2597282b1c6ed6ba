/** What is kept of loans holds: no role changes it, and fsck names whatever the owner of the database changed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { auditAfterEach } from '../support/auditor.js';
import { call, iins, newWorld, type World } from '../support/citizen-world.js';
import { origin } from '../support/journals.js';

let world: World;
let lender: NestFastifyApplication;
let asLender: pg.Client;
let owner: DataSource;

beforeAll(async () => {
  world = await newWorld();
  lender = await world.startLender();
  const at = new Date(world.registryNow() - 60_000).toISOString();
  const said = { contractNumber: 'K-1', product: 'bank-loan', signedAt: at, disbursedAt: at };
  for (const [iin, value] of [
    [iins[0], '1.00'],
    [iins[0], '2.00'],
    [iins[1], '2.00'],
  ]) {
    const loan = await call({ app: lender }, world.bank, {
      ...{ method: 'POST', path: '/v1/loans', scope: 'loans', key: randomUUID() },
      body: { ...said, iin, amount: { value, currency: 'KZT' } },
    });
    expect(loan.status).toBe(201);
  }
  asLender = new pg.Client(clientConfig(world.database.target('tyiym_lender')));
  await asLender.connect();
  owner = await openDatabase(world.database.target('tyiym_owner'), { poolSize: 2 });
}, 60_000);
// Every attempt is taken back, so whatever got through would be found here.
auditAfterEach(() => world);
afterAll(async () => {
  await asLender.end();
  await owner.destroy();
  await world.close();
});

/** Runs a statement as the lender's role and takes it back; the error's SQLSTATE, or how many rows it touched. */
async function attempt(sql: string): Promise<string | number> {
  await asLender.query('BEGIN');
  try {
    return (await asLender.query(sql)).rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await asLender.query('ROLLBACK');
  }
}

const notPermitted = '42501';
const integrity = '23000';

describe('the role of the lender’s process', () => {
  it.each([
    ['changes a loan', 'UPDATE loans SET amount = 1', notPermitted],
    ['removes one', 'DELETE FROM loans', notPermitted],
    ['renames a contract', `UPDATE contracts SET mac = sha256('x')`, notPermitted],
    [
      'goes back to an older report',
      'UPDATE contracts SET entry_index = (SELECT min(entry_index) FROM loans)',
      integrity,
    ],
    [
      'takes over another’s report',
      `INSERT INTO contracts (party, lender_bin, mac_epoch, mac, secret, loan_id, entry_index)
       SELECT 'mfo-gamma', lender_bin, mac_epoch, mac, secret, gen_random_uuid(), entry_index FROM contracts`,
      integrity,
    ],
    ['reads who somebody is', 'SELECT iin FROM people', notPermitted],
    ['reads a data key', 'SELECT data_key FROM people', notPermitted],
    ['changes a person', 'UPDATE people SET subject_epoch = 2', notPermitted],
  ])('never %s', async (_, sql, code) => {
    expect(await attempt(sql)).toBe(code);
  });
});

describe('fsck', () => {
  const newest = '(SELECT max(entry_index) FROM loans)';
  const amendment = `(SELECT entry_index FROM loans ORDER BY entry_index OFFSET 1 LIMIT 1)`;

  it.each([
    ['an amount', `UPDATE loans SET amount = 3 WHERE entry_index = ${newest}`, 'row-differs'],
    [
      'own numbers of another report',
      `UPDATE loans SET own_numbers = (SELECT own_numbers FROM loans WHERE entry_index = ${newest}) WHERE entry_index = ${amendment}`,
      'row-differs',
    ],
    ['own numbers that do not open', `UPDATE loans SET own_numbers = '\\x00'`, 'row-differs'],
    ['a contract found by another number', `UPDATE contracts SET mac = sha256('x')`, 'row-differs'],
    ['the secret of a contract', `UPDATE contracts SET secret = sha256('x')`, 'row-differs'],
    ['the day of payment', `UPDATE loans SET disbursed_at = disbursed_at - interval '1 day'`, 'row-differs'],
    [
      'whom it is about',
      `UPDATE loans SET subject = sha256('x') WHERE entry_index = ${amendment}`,
      'row-differs',
    ],
    [
      'the person of an amendment',
      `UPDATE loans SET person_id = (SELECT person_id FROM loans WHERE entry_index = ${newest}) WHERE entry_index = ${amendment}`,
      'row-differs',
    ],
    [
      'which report it follows',
      `UPDATE loans SET about = gen_random_uuid() WHERE entry_index = ${amendment}`,
      'row-differs',
    ],
    ['a report that is gone', `DELETE FROM loans WHERE entry_index = ${amendment}`, 'row-missing'],
    [
      'a report nobody made',
      `UPDATE loans SET entry_index = 0 WHERE entry_index = ${amendment}`,
      'row-unknown',
    ],
    [
      'a contract that points at an older report',
      `UPDATE contracts SET entry_index = ${amendment}`,
      'row-differs',
    ],
    ['a contract that is gone', `DELETE FROM contracts`, 'row-unknown'],
  ])('names %s', async (_, sql, code) => {
    await undone(async (tx) => {
      await tx.query('ALTER TABLE contracts DISABLE TRIGGER USER');
      await tx.query('ALTER TABLE contracts DROP CONSTRAINT contracts_entry_index_fkey');
      await tx.query(sql);
      expect((await run(tx)).map((finding) => finding.code)).toContain(code);
    });
  });

  async function run(tx: EntityManager) {
    const { tool } = world;
    const keys = { identityKey: readIdentityKey(tool.keysDir), lookupKeys: readLookupKeys(tool.keysDir) };
    const { findings } = await fsck({ tx, origin, trust: trustOf(tool), pageSize: 7, ...keys });
    return findings;
  }

  /** Every change is taken back by its transaction's end. */
  async function undone(act: (tx: EntityManager) => Promise<void>): Promise<void> {
    const runner = owner.createQueryRunner();
    await runner.startTransaction();
    try {
      await act(runner.manager);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }
});

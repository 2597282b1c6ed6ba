/**
 * The plans of the write path are made once (ADR 14). Made in a registry as small as on its first day, and just vacuumed,
 * each must search by an index: it is the plan with which the process meets millions of rows.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { Tables } from '#libs/journal/act.js';
import { appendSql, lookSql } from '#libs/journal/write-path.store.js';
import { openDatabase } from '#libs/platform/database.js';
import { bureauTables } from '../../apps/bureau/tables.store.js';
import { citizenTables } from '../../apps/citizen/tables.store.js';
import { lenderTables } from '../../apps/lender/tables.store.js';
import { newWorld, type World } from '../support/citizen-world.js';

const apps = {
  tyiym_citizen: citizenTables,
  tyiym_lender: lenderTables,
  tyiym_bureau: bureauTables,
} satisfies Record<string, Tables>;

const processes = {
  tyiym_citizen: ({ app }: World) => Promise.resolve(app),
  tyiym_lender: (of: World) => of.startLender(),
  tyiym_bureau: (of: World) => of.startBureau(),
};

/** But for the tables that have one row each. */
const wholeTables = /Seq Scan on (?!journal_head|comparisons|doubts)|(Hash|Merge) Join/;

let world: World;
beforeAll(async () => {
  world = await newWorld();
  const owner = await openDatabase(world.database.target('tyiym_owner'), { poolSize: 1 });
  await owner.query('VACUUM ANALYZE');
  await owner.destroy();
}, 60_000);
afterAll(() => world.close());

describe.each(Object.keys(apps) as (keyof typeof apps)[])('the statements of %s', (role) => {
  const tables: Tables = apps[role];
  let source: DataSource;
  beforeAll(async () => {
    // Of the process itself, because the plans depend on how its connections are opened.
    source = (await processes[role](world)).get(DataSource);
  });

  const plansOf = async (sqlOf: (some: Tables) => string): Promise<string[]> => {
    const plans = Object.entries(tables).map(async ([name, table]) => {
      const rows: Record<'QUERY PLAN', string>[] = await source.query(
        `EXPLAIN (GENERIC_PLAN, COSTS OFF) ${sqlOf({ [name]: table })}`,
      );
      return rows.map((row) => row['QUERY PLAN'].trim());
    });
    return (await Promise.all(plans)).flat();
  };

  it.each([
    ['look', lookSql],
    ['append', appendSql],
  ])('read no table whole: the %s', async (_name, sqlOf) => {
    const plan = await plansOf(sqlOf);
    expect(plan.filter((line) => line.includes('Index'))).not.toEqual([]);
    expect(plan.filter((line) => wholeTables.test(line))).toEqual([]);
  });
});

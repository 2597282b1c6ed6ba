/** fsck on functions, triggers, rights and shapes: each change of them is named; each is undone at once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { slices } from '../../apps/tool/fsck/slices.service.js';
import { judgedTables, unjudged } from '../../apps/tool/fsck/tables.js';
import { fsckSchema } from '../../apps/tool/fsck/schema.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { schemaTamperings } from '../support/tamperings/schema-tamperings.js';
import { testCluster } from '../support/test-home.js';

let database: TestDatabase;
let superuser: DataSource;
let runner: QueryRunner;

beforeAll(async () => {
  database = await testDatabase();
  superuser = await openDatabase({ ...testCluster().superuser, name: database.name }, { poolSize: 1 });
  runner = superuser.createQueryRunner();
});
afterAll(async () => {
  await runner.release();
  await superuser.destroy();
  await database.drop();
});

describe('fsck', () => {
  it('judges every table, or says why not', async () => {
    const { rows } = await database.superuser.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition ORDER BY 1`,
    );
    const judged = judgedTables(slices.flatMap(({ tables }) => tables));
    const undecided = rows.map(({ name }) => name).filter((name) => !judged.has(name) && !(name in unjudged));
    // A new table: give it a slice in apps/tool/fsck/slices.service.ts, with rows in test/support/tamperings, or a reason in tables.ts.
    expect(undecided).toEqual([]);
    expect(Object.keys(unjudged).filter((name) => judged.has(name))).toEqual([]);
  });

  it('finds the schema that the migrations made, as the tool’s own role', async () => {
    const asTool = await openDatabase(database.target('tyiym_tool'), { poolSize: 1 });
    try {
      expect(await fsckSchema(asTool.manager)).toEqual([]);
    } finally {
      await asTool.destroy();
    }
  });

  it.each(schemaTamperings.map(({ name, sql, named = '' }) => [name, sql, named] as const))(
    'names %s',
    async (_, sql, named) => {
      await runner.startTransaction();
      try {
        for (const statement of [sql].flat()) await runner.query(statement);
        const findings = await fsckSchema(runner.manager);
        expect(findings.map(({ code, table, row }) => `${code} ${table ?? ''} ${row ?? ''}`)).toContainEqual(
          expect.stringContaining(named),
        );
      } finally {
        await runner.rollbackTransaction();
      }
    },
  );
});

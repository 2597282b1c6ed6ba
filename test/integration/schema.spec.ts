/** The committed texts of the schema say what the migrations do, and everything in it is explained. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { schemaFunctions, schemaTables } from '../../apps/tool/migrate/schema.store.js';
import { schemaTextsOf, type SchemaTexts } from '../../apps/tool/migrate/schema.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let owner: DataSource;
beforeAll(async () => {
  database = await testDatabase();
  owner = await openDatabase(database.target('tyiym_owner'), { poolSize: 1 });
});
afterAll(async () => {
  await owner.destroy();
  await database.drop();
});

it.each([
  ['migrations/schema.sql', (texts: SchemaTexts) => texts.schema],
  ['docs/grants.md', (texts: SchemaTexts) => texts.grants],
])('%s is what the migrations come to (UPDATE_SCHEMA=1 writes it)', async (file, choose) => {
  const text = choose(await schemaTextsOf(owner));
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

const typeormsList = 'migrations';

it('explains every table, view, column and function', async () => {
  const tables = (await schemaTables(owner.manager)).filter(({ name }) => name !== typeormsList);
  const functions = await schemaFunctions(owner.manager);
  const unexplained = [
    ...tables.filter(({ comment }) => comment === null).map(({ name }) => name),
    ...tables.flatMap(({ name, kind, columns }) =>
      columns
        .filter((column) => kind !== 'v' && column.comment === null)
        .map((column) => `${name}.${column.name}`),
    ),
    ...functions.filter(({ comment }) => comment === null).map(({ signature }) => signature),
  ];
  expect(tables.length).toBeGreaterThan(15);
  expect(unexplained).toEqual([]);
});

it('lets nobody in by being PUBLIC', async () => {
  const tables = await schemaTables(owner.manager);
  expect(tables.flatMap(({ grants }) => grants).filter(({ role }) => role === 'PUBLIC')).toEqual([]);
});

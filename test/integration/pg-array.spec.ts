/** Binary arrays against PostgreSQL itself: each type reads back as what was written, and as what its text spells. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as column from '#libs/journal/pg-array.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const instant = Date.parse('2026-02-28T23:59:59.999Z');

describe('a column as a binary array', () => {
  it.each<[string, Buffer, string]>([
    ['bigint', column.int8s([0, -1, null, Number.MAX_SAFE_INTEGER]), '{0,-1,NULL,9007199254740991}'],
    ['integer', column.int4s([0, -2_147_483_648, null, 2_147_483_647]), '{0,-2147483648,NULL,2147483647}'],
    ['smallint', column.int2s([0, -1, null, 32_767]), '{0,-1,NULL,32767}'],
    [
      'text',
      column.texts(['', 'a"b\\c,{}', null, 'NULL', 'ӘҒҚҢӨҰҮҺІ 🙂']),
      '{"","a\\"b\\\\c,{}",NULL,"NULL","ӘҒҚҢӨҰҮҺІ 🙂"}',
    ],
    ['bytea', column.byteas([Buffer.alloc(0), Buffer.of(0, 255, 92), null]), '{"","\\\\x00ff5c",NULL}'],
    [
      'uuid',
      column.uuids(['01890a5d-ac96-774b-bcce-b302099a8057', null]),
      '{01890a5d-ac96-774b-bcce-b302099a8057,NULL}',
    ],
    [
      'timestamptz',
      column.instants([0, instant, null, -1]),
      '{1970-01-01T00:00:00Z,2026-02-28T23:59:59.999Z,NULL,1969-12-31T23:59:59.999Z}',
    ],
    [
      'date',
      column.dates(['2000-01-01', '2026-02-28', null, '1999-12-31']),
      '{2000-01-01,2026-02-28,NULL,1999-12-31}',
    ],
    ['text', column.texts([]), '{}'],
  ])('%s[] %#', async (type, bytes, text) => {
    const { rows } = await database.superuser.query<{ same: boolean; length: number }>(
      `SELECT $1::${type}[] IS NOT DISTINCT FROM $2::${type}[] AS same, cardinality($1::${type}[]) AS length`,
      [bytes, text],
    );
    expect(rows[0]?.same).toBe(true);
    expect(rows[0]?.length).toBe(bytes.readInt32BE(12));
  });

  it('of another type is refused, not read as something else', async () => {
    const asked = database.superuser.query('SELECT $1::text[]', [column.int8s([1])]);
    await expect(asked).rejects.toMatchObject({ code: '42804' });
  });
});

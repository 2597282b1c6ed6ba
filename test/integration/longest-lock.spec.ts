/** No role locks a person for longer than the law ever allowed, whatever entry and row agree upon. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parseIin } from '#libs/subject/iin.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { auditAfterEach } from '../support/auditor.js';
import { pastGuards, testDatabase, type TestDatabase } from '../support/database.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';
import { refusalWriters, type Forgery, type RefusalWriters } from '../support/refusal-writers.js';

const keys = newLookupKeys();
let database: TestDatabase;
let writers: RefusalWriters;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  writers = await refusalWriters(database, keys);
  for (const [days, allowed] of [
    [2, '[0, 12, 24]'],
    [1, '[0, 12]'],
  ])
    await pastGuards(
      database.superuser,
      `INSERT INTO regime (name, value, applies_by, applies_from, source, certainty, entry_index)
       VALUES ('lockAllowed', $1, 'signedAt', now() - $2 * interval '1 day', 'a test', 'open', 0)`,
      [allowed, days],
    );
}, 60_000);
// No keys are published here and nobody signed, so there are only the tree and the hunt.
auditAfterEach(() => ({ database }));
afterAll(async () => {
  await writers.close();
  await database.drop();
});

const refused = { code: 'registry-unavailable', cause: { code: '23000' } };
const placing = (lockHours: number): Forgery => ({
  ...{ kind: 'refusal.placed', version: 1, body: { lockHours } },
  row: (_, at, { leafHash }) => ({ state: 'in-force', lockHours, placedAt: at, movedLeaf: leafHash }),
});
const growing = (lockHours: number): Forgery => ({
  ...{ kind: 'refusal.lock-grown', version: 1, body: { lockHours }, row: () => ({ lockHours }) },
});

it('a placing is bounded by the longest lock of any time', async () => {
  const iin = parseIin(iinOfPerson(0));
  await expect(writers.forge('citizen', iin, placing(25))).rejects.toMatchObject(refused);
  await writers.forge('citizen', iin, placing(24));
});

it('a lock that grows is bounded by the longest lock of any time', async () => {
  const iin = parseIin(iinOfPerson(1));
  await writers.forge('citizen', iin, placing(0));
  await expect(writers.forge('citizen', iin, growing(25))).rejects.toMatchObject(refused);
  await writers.forge('citizen', iin, growing(24));
});

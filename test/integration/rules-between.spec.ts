/**
 * A record of acts that is newer than what a process knows makes it read the rules without the head's lock. Placings that
 * land meanwhile come before the checks that waited, and each check of the batch is answered as that order says.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizensHere, lenderHere, rulesHere, type Citizens, type Lender } from '../support/contenders.js';
import type { Told } from '../support/history.js';
import { pastGuards, testDatabase, type TestDatabase } from '../support/database.js';
import { newLookupKeys, openRegistry } from '../support/journals.js';

const lookup = newLookupKeys();
const [early = '', late = '', ...others] = Array.from({ length: 100 }, (_, number) => iinOfPerson(number));
let database: TestDatabase;
let citizens: Citizens;
let lender: Lender;
/** What lands while the lender's process reads the rules. */
let meanwhile = async (): Promise<unknown> => undefined;
let loads = 0;

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, lookup);
  citizens = await citizensHere({ target: database.target('tyiym_citizen'), lookup });
  lender = await lenderHere(
    { target: database.target('tyiym_lender'), lookup },
    {
      loadRules: async () => {
        loads += 1;
        await meanwhile();
        return rulesHere;
      },
    },
  );
}, 60_000);
// No keys are published here and nobody signed, so there are only the tree and the hunt.
auditAfterEach(() => ({ database }));
afterAll(async () => {
  await lender.close();
  await citizens.close();
  await database.drop();
});

/** The answer to a check, which none of these processes refuses. */
type Answered = Extract<Told, { readonly index: number }>;

/** One batch of more than one part, in which the person is asked about in the first and in the last. */
const batchAbout = (iin: string): Promise<readonly Answered[]> =>
  Promise.all(
    [iin, ...others, iin].map(async (each) => (await lender.check(randomUUID(), each)) as Answered),
  );

describe.each([
  ['that a process reads for the first time', early, async () => undefined],
  [
    'that another process has just moved',
    late,
    () => pastGuards(database.superuser, 'UPDATE journal_head SET rules_version = rules_version + 1'),
  ],
])('rules %s', (_what, iin, move) => {
  it('are read before anything is decided: a placing meanwhile is seen by the whole batch', async () => {
    await move();
    const before = loads;
    let placedAt = Infinity;
    meanwhile = async () => (placedAt = ((await citizens.place(randomUUID(), iin)) as Answered).index);
    const told = await batchAbout(iin);
    expect(loads).toBe(before + 1);
    const about = [told[0], told.at(-1)];
    expect(about.map((each) => each?.verdict)).toEqual(['refused', 'refused']);
    for (const each of told) expect(each.index).toBeGreaterThan(placedAt);
    expect(told.slice(1, -1).map(({ verdict }) => verdict)).toEqual(others.map(() => 'clear'));
  });
});

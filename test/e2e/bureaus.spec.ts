/** The two bureaus of the sandbox and everything that goes wrong between them and the registry, seen in their own books. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { bookState, inBook } from '../support/bureau-books.js';
import { eventually } from '../support/eventually.js';
import { differences, everythingArrived, writeAmongKills } from '../support/feed-run.js';
import { FeedWriter } from '../support/feed-writer.js';
import { newPerson, Party, type Person } from '../support/sandbox-calls.js';
import { countOf } from '../support/sandbox-database.js';
import { newPlace, removeHome, Sandbox } from '../support/sandbox.js';
import { validIins } from '../support/vectors.js';

const patience = 60_000;
const [restored = '', another = ''] = validIins;

let sandbox: Sandbox;
let portal: Party;

beforeAll(async () => {
  sandbox = await Sandbox.start(await newPlace());
  portal = await Party.of(sandbox, 'egov-portal');
}, 90_000);
afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 30_000);

const signal = (bureau: 'gkb' | 'pkb', name: NodeJS.Signals): void => {
  process.kill(sandbox.processOf(bureau)?.pid ?? 0, name);
};
const stampOf = async ({ iin }: Person, bureau: string): Promise<string | undefined> => {
  const { body } = await portal.call('POST', '/v1/refusal-status', {
    body: { citizenAssertion: await portal.assertion(iin) },
  });
  const stamps = body['stamps'] as { readonly bureau: string; readonly state: string }[];
  return stamps.find((stamp) => stamp.bureau === bureau)?.state;
};
const placed = async (iin: string): Promise<Person> => {
  const person = await newPerson(sandbox, iin);
  expect((await portal.apply(person, { kind: 'place', lockHours: 0 })).status).toBe(200);
  return person;
};

describe('the bureaus', () => {
  it('have everything once, whoever is killed −9 meanwhile', async () => {
    expect(await writeAmongKills(sandbox, { items: 2000, kills: 6 })).toBeGreaterThan(3);
    await everythingArrived(sandbox, patience);
    expect(await differences(sandbox)).toEqual([]);
  }, 180_000);

  it('do not starve each other: one is told at once while the other stands still and catches up later', async () => {
    signal('pkb', 'SIGSTOP');
    const writer = await FeedWriter.open(sandbox, 1500, 10_000);
    await writer.write(3000);
    await writer.close();
    const person = await placed(another);
    await eventually(
      'a stamp',
      () => stampOf(person, 'gkb'),
      (state) => state === 'stamped',
      patience,
    );
    expect(await stampOf(person, 'pkb')).toBe('waiting');
    signal('pkb', 'SIGCONT');
    await everythingArrived(sandbox, patience);
    expect(await differences(sandbox)).toEqual([]);
  }, 180_000);

  it('restored from a backup that lost a mark find out by the digest, and heal by snapshot and replay', async () => {
    await compareEverySecond('gkb');
    const person = await placed(restored);
    await eventually(
      'a stamp',
      () => stampOf(person, 'gkb'),
      (state) => state === 'stamped',
      patience,
    );
    const before = await inBook(sandbox, 'gkb', bookState);
    signal('gkb', 'SIGSTOP');
    // A backup that lost a mark, and knows nothing of the last hundred items.
    await inBook(sandbox, 'gkb', async (client) => {
      await client.query(
        `DELETE FROM marks WHERE sub_id = (SELECT sub_id FROM marks WHERE in_force ORDER BY placed_at LIMIT 1)`,
      );
      await client.query('DELETE FROM applied WHERE seq > $1', [before.seq - 100]);
      await client.query('UPDATE position SET seq = $1, last_jti = NULL', [before.seq - 100]);
    });
    const lost = (): Promise<number> => countOf(sandbox, `SELECT FROM entries WHERE kind = 'stamp.lost'`);
    expect(await lost()).toBe(0);
    signal('gkb', 'SIGCONT');
    await eventually('a stamp that is lost', lost, (count) => count > 0, patience);
    await eventually('it is stamped again', stillLost, (count) => count === 0, patience);
    await everythingArrived(sandbox, patience);
    const agrees = async (): Promise<number> => countOf(sandbox, 'SELECT FROM digests WHERE agrees');
    await eventually('both digests agree', agrees, (count) => count === 2, patience);
  }, 180_000);
});

/** Persons whose newest word of a bureau is that their mark is gone. */
const stillLost = (): Promise<number> =>
  countOf(
    sandbox,
    `SELECT FROM (SELECT DISTINCT ON (client_id, seq) state FROM stamps ORDER BY client_id, seq, entry_index DESC) t
     WHERE state = 'lost'`,
  );

/** The same bureau, more impatient. */
async function compareEverySecond(bureau: 'gkb'): Promise<void> {
  const file = sandbox.file('config', `${bureau}.json`);
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, digestEveryMs: 1000 }), { mode: 0o600 });
  const { pid } = sandbox.processOf(bureau) ?? { pid: 0 };
  process.kill(pid, 'SIGKILL');
  await eventually(
    'it runs again',
    async () => sandbox.processOf(bureau)?.pid ?? pid,
    (now) => now !== pid,
    patience,
  );
}

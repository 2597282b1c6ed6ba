/** The two bureaus of the sandbox and everything that goes wrong between them and the registry, seen in their own books. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  backUp,
  bookDigest,
  bureauNames,
  inBook,
  putBack,
  reportOf,
  type BureauName,
} from '../support/bureau-books.js';
import { eventually } from '../support/eventually.js';
import { differences, everythingArrived, writeAmongKills } from '../support/feed-run.js';
import { FeedWriter } from '../support/feed-writer.js';
import { newPerson, Party, type Person } from '../support/sandbox-calls.js';
import { asOwner, countOf } from '../support/sandbox-database.js';
import { newPlace, removeHome, Sandbox } from '../support/sandbox.js';
import { validIins } from '../support/vectors.js';

const patience = 60_000;
const [another = '', shown = '', liftedSince = '', placedSince = '', lostMark = '', liftedAtOnce = ''] =
  validIins;

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

const signal = (bureau: BureauName, name: NodeJS.Signals): void => {
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
const lifted = async (person: Person): Promise<void> => {
  expect((await portal.apply(person, { kind: 'lift' })).body).toMatchObject({ state: 'lifted' });
};
const isMarked = async (bureau: BureauName, person: Person): Promise<boolean> =>
  (await reportOf(sandbox, bureau, person)).isMarked;

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

  it('show on the credit report what was placed and what was lifted, in three languages', async () => {
    const person = await placed(shown);
    for (const bureau of bureauNames) {
      await eventually(`a mark at ${bureau}`, () => isMarked(bureau, person), Boolean, patience);
      const says = async (language: 'kk' | 'ru' | 'en') =>
        (await reportOf(sandbox, bureau, { ...person, language })).says;
      expect(await says('kk')).toMatch(/ерікті түрде бас тарту қолданыста, .* бастап/);
      expect(await says('ru')).toMatch(/^Действует добровольный отказ от .* с \d/);
      expect(await says('en')).toMatch(/^A voluntary refusal .* is in force, since \d/);
    }
    await lifted(person);
    for (const bureau of bureauNames) {
      await eventually(`none at ${bureau}`, async () => !(await isMarked(bureau, person)), Boolean, patience);
      expect((await reportOf(sandbox, bureau, person)).says).toMatch(/^Добровольного отказа .* нет/);
    }
  }, 180_000);

  it('restored from a backup find out by the digest what it lacks, and heal by snapshot and replay: placings, lifts and all', async () => {
    await compareEverySecond('gkb');
    const away = await placed(liftedSince);
    const back = await placed(placedSince);
    await lifted(back);
    const lost = await placed(lostMark);
    await everythingArrived(sandbox, patience);
    await backUp(sandbox, 'gkb');
    // The backup itself is not whole.
    await inBook(sandbox, 'gkb', (client) =>
      client.query(
        'DELETE FROM backup.marks WHERE sub_id = (SELECT sub_id FROM backup.marks ORDER BY placed_at DESC LIMIT 1)',
      ),
    );
    await lifted(away);
    expect((await portal.apply(back, { kind: 'place', lockHours: 0 })).status).toBe(200);
    const never = await placed(liftedAtOnce);
    await lifted(never);
    await everythingArrived(sandbox, patience);

    signal('gkb', 'SIGSTOP');
    const before = await inBook(sandbox, 'gkb', bookDigest);
    await putBack(sandbox, 'gkb');
    // One mark too many, and two too few.
    expect((await inBook(sandbox, 'gkb', bookDigest)).inForce).toBe(before.inForce - 1);
    const losses = (): Promise<number> => countOf(sandbox, `SELECT FROM entries WHERE kind = 'stamp.lost'`);
    expect(await losses()).toBe(0);
    signal('gkb', 'SIGCONT');
    await eventually('a stamp that is lost', losses, (count) => count > 0, patience);
    await everythingArrived(sandbox, patience);
    expect(await stillLost()).toBe(0);
    // No number missing, none twice, and every lift is there again.
    expect(await differences(sandbox)).toEqual([]);
    const marked = await Promise.all([away, back, lost, never].map((person) => isMarked('gkb', person)));
    expect(marked).toEqual([false, true, true, false]);
    const agrees = async (): Promise<number> => countOf(sandbox, 'SELECT FROM digests WHERE agrees');
    await eventually('both digests agree', agrees, (count) => count === 2, patience);
  }, 180_000);

  it('begin the stream anew that a restored registry names, and keep a mark that it lost', async () => {
    signal('gkb', 'SIGSTOP');
    await inBook(sandbox, 'gkb', async (client) => {
      await client.query(`INSERT INTO histories (history_id) VALUES ('whoever')`);
      await client.query(`INSERT INTO marks VALUES ('whoever', 'whoever', 1, true, now())`);
    });
    // As closing a log does.
    await asOwner(sandbox, (client) =>
      client.query(
        'TRUNCATE streams, sealed_items, day_keys, stream_members, stream_buckets, stream_vectors, digests',
      ),
    );
    signal('gkb', 'SIGCONT');
    const streams = (): Promise<number> => countOf(sandbox, 'SELECT FROM streams');
    await eventually('two streams', streams, (count) => count === 2, patience);
    await everythingArrived(sandbox, patience);
    expect(await differences(sandbox)).toEqual([]);
    const kept = await inBook(sandbox, 'gkb', (client) =>
      client.query('SELECT sub_id FROM marks WHERE kept AND in_force'),
    );
    expect(kept.rows).toEqual([{ sub_id: 'whoever' }]);
    const agrees = async (): Promise<number> =>
      countOf(
        sandbox,
        `SELECT FROM digests JOIN streams USING (stream_id) WHERE agrees AND client_id = 'gkb'`,
      );
    await eventually('its digest agrees', agrees, (count) => count === 1, patience);
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

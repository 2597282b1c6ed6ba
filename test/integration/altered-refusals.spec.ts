/**
 * The owner of the database alters a row of `refusals` past its guard: an honest move does what the person's entries say
 * and makes the row theirs again, or leaves nothing and goes through once the row is back. No alteration eases a move.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseIin, type Iin } from '#libs/subject/iin.js';
import { subjectsOf } from '#libs/subject/subject.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { auditAfterEach } from '../support/auditor.js';
import { newClerkScene, type ClerkScene } from '../support/clerk-scene.js';
import { pastGuards } from '../support/database.js';
import type { LiftingPerson } from '../support/lift-scene.js';
import { refusalWriters, type Doing, type RefusalWriters } from '../support/refusal-writers.js';

let scene: ClerkScene;
let writers: RefusalWriters;
// Other people than the scene meets.
let people = 1000;

beforeAll(async () => {
  scene = await newClerkScene();
  writers = await refusalWriters(scene.database, scene.lookup);
}, 60_000);
beforeEach(() => void scene.alarms.splice(0));
// Keys and law came without acts: only the tree and the hunt.
auditAfterEach(() => scene);
afterAll(async () => {
  await writers.close();
  await scene.close();
});

const another = '00000000-0000-7000-8000-000000000001';
/** What the owner writes into the row. */
const alterations: readonly (readonly [what: string, set: string])[] = [
  ['no state', `state = 'none'`],
  ['a state in force', `state = 'in-force'`],
  ['a lift that is due', `lifts_at = '2020-01-01', requested_by = coalesce(requested_by, '${another}')`],
  ['a lift put off', `lifts_at = '2100-01-01'`],
  ['no lock', 'lock_hours = 0'],
  ['a longer lock', 'lock_hours = 1000'],
  ['no return', 'placed_again_at = NULL, place_again_after_hours = NULL'],
  ['a return of its own', `placed_again_at = '2020-01-01', place_again_after_hours = 1`],
  ['another version', 'version = version + 4'],
  [
    'no request',
    `requested_by = CASE state WHEN 'lift-pending' THEN '${another}'::uuid END, request_index = NULL`,
  ],
  ['another request', `requested_by = '${another}', request_index = 0`],
  ['another day of placing', `placed_at = '2020-01-01'`],
  ['another day of asking', `lift_requested_at = '2020-01-01'`],
  ['another leaf', `moved_leaf = sha256('x')`],
  ['an older entry', 'entry_index = 0'],
  ['an entry to come', 'entry_index = 1000000'],
];

type Sql = (row: 'altered' | 'back') => Promise<unknown>;

/** Alters the row of this person, or puts it back as it was. */
async function altering(subject: Buffer, set: string): Promise<Sql> {
  const { superuser } = scene.database;
  await superuser.query('CREATE TEMP TABLE IF NOT EXISTS kept AS TABLE refusals WITH NO DATA');
  await superuser.query('DELETE FROM kept');
  await superuser.query('INSERT INTO kept SELECT * FROM refusals WHERE subject = $1', [subject]);
  return async (row) => {
    if (row === 'altered')
      return pastGuards(superuser, `UPDATE refusals SET ${set} WHERE subject = $1`, [subject]);
    await pastGuards(superuser, 'DELETE FROM refusals WHERE subject = $1', [subject]);
    return pastGuards(superuser, 'INSERT INTO refusals TABLE kept');
  };
}

/** Whether the row is what all entries of the person come to. */
async function isOfEntries(subject: Buffer): Promise<boolean> {
  const { rows } = await scene.database.superuser.query<{ same: boolean }>(
    'SELECT r IS NOT DISTINCT FROM refusal_of(r.subject, r.subject_epoch) AS same FROM refusals r WHERE subject = $1',
    [subject],
  );
  return rows[0]?.same ?? false;
}

const entriesAbout = async (subject: Buffer): Promise<number> =>
  (await scene.database.superuser.query('SELECT FROM entries WHERE subject = $1', [subject])).rowCount ?? 0;

/** What the moves are compared in: the rest are instants and names of each person's own. */
type Part = readonly [state: string, version: number, lockHours: number, again: number | null];

async function partOf(subject: Buffer): Promise<Part> {
  const { rows } = await scene.database.superuser.query<{ part: Part }>(
    `SELECT jsonb_build_array(state, version, lock_hours, place_again_after_hours) AS part FROM refusals WHERE subject = $1`,
    [subject],
  );
  return rows[0]?.part ?? ['', 0, 0, null];
}

const placed: Doing = { do: 'place', lockHours: 12 };
const asked: Doing = { do: 'lift', placeAgainAfterHours: 24 };

/** `stops`: where the citizen's own entry would repeat what was altered, nothing is left. */
describe.each<readonly [what: string, before: readonly Doing[], move: Doing, stops: readonly string[]]>([
  ['a lift', [placed], asked, ['no state', 'no lock', 'a longer lock', 'another version']],
  [
    'a longer lock',
    [placed],
    { do: 'place', lockHours: 24 },
    ['no state', 'a longer lock', 'another version'],
  ],
  [
    'a lift called off',
    [placed, asked],
    { do: 'cancel' },
    ['no state', 'a state in force', 'another version'],
  ],
  [
    'a placing before a return',
    [{ ...placed, lockHours: 0 }, asked, { do: 'carry out' }],
    placed,
    ['a state in force', 'another version', 'another leaf'],
  ],
])('%s by the citizen', (_what, before, move, stops) => {
  const after = async (): Promise<{ readonly iin: Iin; readonly subject: Buffer }> => {
    const iin = parseIin(iinOfPerson(people++));
    for (const doing of before) await writers.act(iin, doing);
    return { iin, subject: subjectsOf(scene.lookup, iin)[0]?.bytes ?? Buffer.alloc(0) };
  };

  it('does what the entries say, or leaves nothing until the row is back', async () => {
    const twin = await after();
    await writers.act(twin.iin, move);
    const stopped: string[] = [];
    for (const [what, set] of alterations) {
      const { iin, subject } = await after();
      const row = await altering(subject, set);
      await row('altered');
      const entries = await entriesAbout(subject);
      const tried = await writers.act(iin, move).catch((error: { code: unknown }) => error.code);
      if (typeof tried !== 'object') {
        expect([what, await entriesAbout(subject)]).toEqual([what, entries]);
        stopped.push(what);
        await row('back');
        await writers.act(iin, move);
      }
      expect([what, await isOfEntries(subject)]).toEqual([what, true]);
      expect([what, await partOf(subject)]).toEqual([what, await partOf(twin.subject)]);
    }
    expect(stopped).toEqual(stops);
  }, 60_000);
});

describe('a lift by the clerk, and the return after it', () => {
  it('come at the hour that entries and signatures give, whatever the row says', async () => {
    const each: (LiftingPerson & { readonly what: string; readonly set: string })[] = [];
    for (const [what, set] of alterations)
      each.push({ what, set, ...(await scene.lifts.lifting({ lockHours: 24, placeAgainAfterHours: 24 })) });
    const moved = async (
      index: (person: LiftingPerson) => number,
      outcome: string,
      part: Part,
    ): Promise<void> => {
      for (const { set, subject } of each) await (await altering(subject.bytes, set))('altered');
      const clerk = scene.newClerk();
      for (const person of each)
        expect([person.what, await clerk.move(index(person))]).toEqual([person.what, 'early']);
      await scene.advance(24);
      const later = scene.newClerk();
      for (const person of each) {
        const { what, subject } = person;
        expect([what, await later.move(index(person))]).toEqual([what, outcome]);
        expect([what, await isOfEntries(subject.bytes)]).toEqual([what, true]);
        expect([what, await partOf(subject.bytes)]).toEqual([what, part]);
      }
    };
    await moved(({ requestIndex }) => requestIndex, 'lifted', ['none', 2, 24, 24]);
    const lifts = new Map<LiftingPerson, number>();
    for (const person of each) lifts.set(person, (await scene.rowOf(person))?.entryIndex ?? -1);
    await moved((person) => lifts.get(person) ?? -1, 'placed', ['in-force', 3, 24, null]);
    expect(new Set(scene.alarms.map(({ fault }) => fault))).toEqual(new Set(['row-differs']));
  }, 120_000);

  it('the return comes although its row is gone', async () => {
    const person = await scene.lifts.lifting({ lockHours: 0, placeAgainAfterHours: 24 });
    await scene.newClerk().move(person.requestIndex);
    const index = (await scene.rowOf(person))?.entryIndex ?? -1;
    await pastGuards(scene.database.superuser, 'DELETE FROM refusals WHERE subject = $1', [
      person.subject.bytes,
    ]);
    await scene.advance(24);
    expect(await scene.newClerk().move(index)).toBe('placed');
    expect(await partOf(person.subject.bytes)).toEqual(['in-force', 3, 0, null]);
  });
});

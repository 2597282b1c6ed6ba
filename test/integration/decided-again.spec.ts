/**
 * A batch that the database refuses is decided again, maybe to another outcome. What is sealed in the second decision has
 * an IV of its own: the first one went to the database too, and two texts under one IV and key give each other away.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Act, Made } from '#libs/journal/act.js';
import { Journal } from '#libs/journal/journal.service.js';
import type { CitizenTables } from '../../apps/citizen/tables.store.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { newWorld, type World } from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  // A sequence is not rolled back: the append fails the first time and succeeds the second.
  await world.database.superuser.query(`
    CREATE SEQUENCE attempts;
    CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF nextval('public.attempts') = 1 THEN RAISE EXCEPTION 'another was first' USING ERRCODE = 'serialization_failure'; END IF;
      RETURN NULL;
    END $$;`);
}, 60_000);

// Before the audit of the whole file, which holds the schema against the migrations.
afterAll(async () => {
  await world.database.superuser.query('DROP FUNCTION fail_once CASCADE; DROP SEQUENCE attempts;');
});
auditAfterEach(() => world);
afterAll(() => world.close());

/** What each decision of the acts submitted meanwhile would write, as the writer was told. */
async function writtenDuring(task: () => Promise<unknown>): Promise<readonly Record<string, object[]>[]> {
  const written: Record<string, object[]>[] = [];
  const journal = world.app.get<Journal<CitizenTables, object>>(Journal);
  const submit = journal.submit.bind(journal);
  const recorded = <A>(act: Act<CitizenTables, object, A>): Promise<A> =>
    submit({
      ...act,
      decide: (seen) => {
        const decision = act.decide(seen);
        const rows = (made: readonly Made[]) => {
          const rowsOfAct = decision.rows?.(made) ?? {};
          written.push(rowsOfAct as Record<string, object[]>);
          return rowsOfAct;
        };
        return { ...decision, rows };
      },
    });
  const spy = jest.spyOn(journal, 'submit').mockImplementation(recorded);
  try {
    await task();
  } finally {
    spy.mockRestore();
  }
  return written;
}

/** The IV of each sealed value, with the value. */
function sealedIn(rows: Record<string, object[]>): readonly { iv: string; sealed: string }[] {
  const names = ['answer', 'document', 'cms', 'revocation', 'dataKey', 'iin'];
  return Object.values(rows)
    .flat()
    .flatMap((row) => Object.entries(row))
    .filter(([name, value]) => names.includes(name) && Buffer.isBuffer(value))
    .map(([, value]) => {
      const sealed = value as Buffer;
      return { iv: sealed.toString('hex', 5, 17), sealed: sealed.toString('hex') };
    });
}

async function failOnce(table: string): Promise<void> {
  await world.database.superuser.query(`ALTER SEQUENCE attempts RESTART;
    DROP TRIGGER IF EXISTS fail_once ON refusals;
    CREATE TRIGGER fail_once AFTER UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION fail_once();`);
}

it('a lift called off in two decisions keeps two answers under two IVs', async () => {
  const who = await acts.somebody();
  await acts.act(who, { kind: 'place', lockHours: 12 });
  await acts.act(who, { kind: 'lift' });
  await failOnce('refusals');
  const written = await writtenDuring(async () => {
    expect((await acts.present('/v1/lift-cancellations', who.iin)).status).toBe(200);
  });
  const ivs = written.flatMap(sealedIn).map(({ iv }) => iv);
  expect(ivs).toHaveLength(2);
  expect(new Set(ivs).size).toBe(2);
});

it('a signature in two decisions never seals two texts under one IV', async () => {
  const who = await acts.somebody();
  await acts.act(who, { kind: 'place', lockHours: 12 });
  await failOnce('refusals');
  const written = await writtenDuring(async () => {
    expect((await acts.act(who, { kind: 'place', lockHours: 24 })).status).toBe(200);
  });
  expect(written).toHaveLength(2);
  const sealed = written.flatMap(sealedIn);
  expect(sealed).toHaveLength(6);
  const pairs = new Set(sealed.map((each) => `${each.iv} ${each.sealed}`));
  expect(pairs.size).toBe(new Set(sealed.map(({ iv }) => iv)).size);
});

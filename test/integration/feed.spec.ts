/** The feed to the bureaus: every entry that places or lifts is in it, in order and once, whoever appends it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { appRoles, type Role } from '../../apps/sandbox/postgres/provision.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { newWorld, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

interface Item {
  readonly seq: number;
  readonly kind: string;
  readonly version: number;
  readonly index: number;
}

let world: World;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  await world.startClerk();
  acts = citizenActs(world);
}, 60_000);
auditAfterEach(() => world);
afterAll(() => world.close());

async function items(): Promise<readonly Item[]> {
  const { rows } = await world.database.superuser.query<Item>(
    'SELECT seq, kind, version, entry_index AS index FROM feed ORDER BY seq',
  );
  return rows;
}

describe('the feed', () => {
  it('holds placings, lifts and returns of citizens and clerk in the order of their entries', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => acts.somebody()));
    const [first] = people;
    if (first === undefined) throw new Error('nobody');
    await Promise.all(people.map((who) => acts.act(who, { kind: 'place', lockHours: 0 })));
    const lifted = await acts.act(first, { kind: 'lift', placeAgainAfterHours: 24 });
    expect((lifted.body as { state: string }).state).toBe('lifted');
    await world.advanceHours(25);
    const all = await eventually('the return', items, (found) => found.length === 6);
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(all.map(({ kind, version }) => `${kind} ${version}`)).toEqual([
      ...Array.from({ length: 4 }, () => 'refusal.placed 1'),
      'refusal.lifted 2',
      'refusal.placed 3',
    ]);
    expect(all.map(({ index }) => index)).toEqual(all.map(({ index }) => index).toSorted((a, b) => a - b));
  });

  it('has nothing to say of locks, requests and readings', async () => {
    const before = await items();
    const somebody = await acts.somebody();
    await acts.act(somebody, { kind: 'place', lockHours: 24 });
    await acts.act(somebody, { kind: 'place', lockHours: 72 });
    await acts.act(somebody, { kind: 'lift' });
    expect((await acts.present('/v1/lift-cancellations', somebody.iin)).status).toBe(200);
    expect((await items()).slice(before.length).map(({ kind }) => kind)).toEqual(['refusal.placed']);
  });
});

/** Runs a statement as a role and takes it back; the error's SQLSTATE, or how many rows it touched. */
async function attempt(role: Role, sql: string): Promise<string | number> {
  const client = new pg.Client(clientConfig(world.database.target(role)));
  await client.connect();
  try {
    await client.query('BEGIN');
    return (await client.query(sql)).rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}

const integrity = '23000';
const notPermitted = '42501';

/** A whole append of one entry of this kind that counts `counted` items. */
const append = (kind: string, counted: number): string => `
  WITH m AS (UPDATE journal_head SET size = size + 1, root = sha256('r'), frontier = '', feed_seq = feed_seq + ${counted},
      state_version = state_version + 1 RETURNING size, last_at),
    h AS (INSERT INTO heads SELECT size, size - 1, last_at, sha256('r'), '', 'kid', 'jws' FROM m RETURNING 1),
    e AS (INSERT INTO entries (index, id, kind, at, entry, seed, commitment, leaf_hash, subject, subject_epoch, version)
      SELECT size - 1, gen_random_uuid(), '${kind}', last_at, '{"kind":"${kind}"}', sha256('s'), sha256('c'), sha256('l'), sha256('p'), 1, 1
      FROM m RETURNING 1)
  SELECT count(*) FROM m, h, e`;

describe('whoever took over a role', () => {
  it.each(appRoles)('%s neither writes, changes nor takes away an item', async (role) => {
    for (const act of [
      `INSERT INTO feed SELECT seq + 1000, entry_index + 1000, gen_random_uuid(), kind, subject_epoch, subject, version, at FROM feed`,
      `UPDATE feed SET version = version`,
      `DELETE FROM feed`,
    ])
      expect([act, await attempt(role, act)]).toEqual([act, notPermitted]);
  });

  it('appends no placing or lift that is not counted, and counts nothing else', async () => {
    // Counted, but without the row of the refusal that it moves.
    expect(await attempt('tyiym_citizen', append('refusal.placed', 1))).toBe(integrity);
    expect(await attempt('tyiym_citizen', append('refusal.placed', 0))).toBe(integrity);
    expect(await attempt('tyiym_clerk_worker', append('refusal.lifted', 0))).toBe(integrity);
    expect(await attempt('tyiym_lender', append('notice.delivered', 0))).toBe(1);
    expect(await attempt('tyiym_lender', append('notice.delivered', 1))).toBe(integrity);
    expect(await attempt('tyiym_citizen', append('trail.read', 1))).toBe(integrity);
  });
});

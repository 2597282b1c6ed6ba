/**
 * An upgrade in the middle of life: a database of migration 0024 with placings, lifts, stamps, a digest and streams that are
 * sealed, delivered and acknowledged to different places is migrated, and everything goes on where it was.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClosedLogs1764000000024 } from '../../migrations/0024-closed-logs.js';
import { migrations } from '../../migrations/index.js';
import { migrateRegistry } from '../../apps/tool/migrate/migrate.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { BureauReader, type Received } from '../support/bureau-reader.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import type { World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';
import { held, vectorOf } from '../support/held.js';
import { putBackTo } from '../support/older-database.js';
import { loginOf } from '../support/operator.js';

let scene: BureauScene;
/** The scene's world over the database as it is at the moment. */
let world: World;
/** What gkb had applied before. */
let before: readonly Received[] = [];

beforeAll(async () => {
  scene = await bureauScene();
  ({ world } = scene);
  const somebody = await scene.placed();
  await scene.placed();
  await scene.acts.act(somebody, { kind: 'lift' });
  before = await received(scene.gkb, 3);
  const theirs = await received(scene.pkb, 3);
  await stamp(scene.gkb, before);
  expect(await compared(scene.gkb, before)).toEqual({ agrees: true });
  await scene.gkb.poll({ ack: before.map(({ jti }) => jti) });
  await scene.pkb.poll({ ack: theirs.slice(0, 1).map(({ jti }) => jti) });
  // Committed, and sealed for nobody: the clerk was stopped first.
  await scene.stopClerk();
  await scene.placed();
  world = { ...world, database: await putBackTo(world.database, ClosedLogs1764000000024) };
}, 120_000);
auditAfterEach(() => world);
afterAll(async () => {
  await world.database.leave();
  await scene.close();
});

const received = (reader: BureauReader, count: number): Promise<readonly Received[]> =>
  eventually(
    `${String(count)} items`,
    () => reader.items(),
    (items) => items.length >= count,
  );

const stamp = (reader: BureauReader, items: readonly Received[]) =>
  reader.call(
    ...(['POST', '/v1/stamps'] as const),
    { items: items.map(({ jti, event }) => ({ jti, recordedAt: event.at })) },
    randomUUID(),
  );

async function compared(reader: BureauReader, items: readonly Received[]): Promise<unknown> {
  const set = held(items);
  const vector = { atSeq: items.length, inForce: set.size, buckets: vectorOf(set) };
  return (await reader.call('POST', '/v1/digests', vector)).body;
}

/** The reader of the scene, looking for the registry's keys in the database as it is now. */
const now = (reader: BureauReader): BureauReader => reader.over(world);
const count = async (sql: string): Promise<unknown> =>
  (await world.database.superuser.query<{ count: number }>(`SELECT count(*)::int AS count FROM (${sql}) q`))
    .rows[0]?.count;

describe('a database of migration 0024', () => {
  it('is migrated by what came since and by nothing else', async () => {
    expect(await count(`SELECT FROM pg_attribute WHERE attname = 'withheld' AND NOT attisdropped`)).toBe(0);
    const owner = { ...world.tool, database: loginOf(world.database, 'tyiym_owner') };
    const newer = migrations.slice(migrations.indexOf(ClosedLogs1764000000024) + 1);
    expect(await migrateRegistry(owner)).toEqual(newer.map(({ name }) => name));
    expect(await count('SELECT FROM sealed_items WHERE NOT withheld')).toBe(6);
  });

  it('goes on with its streams where each was acknowledged, and seals what waited', async () => {
    await scene.startClerk();
    const [ours, theirs] = [await received(now(scene.gkb), 1), await received(now(scene.pkb), 3)];
    expect(ours.map(({ event }) => event.seq)).toEqual([4]);
    expect(ours[0]?.event.prev).toBe(before.at(-1)?.jti);
    expect(theirs.map(({ event }) => event.seq)).toEqual([2, 3, 4]);
    const opened = await Promise.all(theirs.map(({ event }) => scene.pkb.open(event.sealed)));
    expect(opened.map(({ version }) => version)).toEqual([1, 2, 1]);
  });

  it('agrees with the bureaus at the item of then and at the newest', async () => {
    const [newest] = await now(scene.gkb).items();
    if (newest === undefined) throw new Error('nothing');
    expect(await compared(scene.gkb, before)).toEqual({ agrees: true });
    expect(await compared(scene.gkb, [...before, newest])).toEqual({ agrees: true });
    expect(await compared(scene.gkb, before.slice(0, 1))).toEqual({ agrees: true });
    expect(await compared(scene.gkb, [])).toEqual({ agrees: true });
  });

  it('has the stamps of then and takes those of now', async () => {
    const items = await now(scene.gkb).items();
    const stamps = () => count(`SELECT FROM stamps WHERE state = 'stamped'`);
    expect(await stamps()).toBe(3);
    expect((await stamp(scene.gkb, [...before, ...items])).status).toBe(200);
    expect(await stamps()).toBe(4);
    const somebody = await scene.placed();
    const { body } = await scene.acts.present('/v1/refusal-status', somebody.iin);
    expect(body).toMatchObject({ stamps: [{ state: 'waiting' }, { state: 'waiting' }] });
    expect((await received(now(scene.gkb), 2)).map(({ event }) => event.seq)).toEqual([4, 5]);
  });
});

/** The root of the streams is exchanged: old days stay readable, new ones are sealed under it, and people stay who they are. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metrics } from '#libs/platform/metrics.js';
import { addFeedRoot } from '../../apps/tool/keygen/feed-roots.service.js';
import { auditAfterEach } from '../support/auditor.js';
import type { Received } from '../support/bureau-reader.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import { eventually } from '../support/eventually.js';

let scene: BureauScene;
let file: string;
beforeAll(async () => {
  scene = await bureauScene();
  file = join(scene.world.keysDir('clerk-worker'), 'feed.json');
}, 60_000);
auditAfterEach(() => scene.world);
afterAll(() => scene.close());

const addRoot = () => addFeedRoot(dirname(dirname(file)), scene.world.registryNow(), randomBytes(32));

/** The newest item once there are so many. */
async function item(count: number): Promise<Received> {
  const items = await eventually(
    `${count} items`,
    () => scene.gkb.items(),
    (found) => found.length >= count,
  );
  const last = items[count - 1];
  if (last === undefined) throw new Error('no item');
  return last;
}

/** Roots under which each day of the bureau's stream is sealed, by their checks. */
async function rootsInUse(): Promise<readonly string[]> {
  const { rows } = await scene.world.database.superuser.query<{ check: string }>(
    `SELECT DISTINCT k.root_check::text AS check FROM day_keys k JOIN streams s USING (stream_id)
     WHERE s.client_id = 'gkb' ORDER BY 1`,
  );
  return rows.map(({ check }) => check);
}

async function anew(): Promise<void> {
  await scene.stopClerk();
  await scene.startClerk();
}

describe('rotating the root of the streams', () => {
  it('waits for a day that has not begun, and is not begun twice', () => {
    const [first, again] = [addRoot(), addRoot()];
    const dayAfterTomorrow = new Date(scene.world.registryNow() + 48 * 3_600_000).toISOString().slice(0, 10);
    expect([first, again]).toEqual([
      { from: dayAfterTomorrow, isNew: true },
      { from: dayAfterTomorrow, isNew: false },
    ]);
  });

  it('seals the days before it under the old root and those after it under the new one, and all open', async () => {
    const before = await scene.placed();
    const first = await item(1);
    await anew();
    const sameDay = await scene.placed();
    const second = await item(2);
    expect(await rootsInUse()).toHaveLength(1);
    await scene.world.advanceHours(72);
    const after = await scene.placed();
    const third = await item(3);
    expect(await rootsInUse()).toHaveLength(2);
    const opened = await Promise.all([first, second, third].map(({ event }) => scene.gkb.open(event.sealed)));
    expect(opened.map(({ iin }) => iin)).toEqual([before.iin, sameDay.iin, after.iin]);
  });

  it('ends a day under the root it was begun with when the worker was given the next one late', async () => {
    await scene.stopClerk();
    // As if it had counted since this morning: the worker has sealed today under the root before it.
    const content = JSON.parse(readFileSync(file, 'utf8')) as { later: { from: string; key: string }[] };
    const today = new Date(scene.world.registryNow()).toISOString().slice(0, 10);
    const late = { from: today, key: randomBytes(32).toString('base64url') };
    writeFileSync(file, JSON.stringify({ ...content, later: [...content.later, late] }), { mode: 0o600 });
    await scene.startClerk();
    const known = await rootsInUse();
    const somebody = await scene.placed();
    const { event } = await item(4);
    expect((await scene.gkb.open(event.sealed)).iin).toBe(somebody.iin);
    expect(await rootsInUse()).toEqual(known);
  });

  it('keeps the pseudonym of a person who was known under the old root', async () => {
    const items = await scene.gkb.items();
    const lifted = await scene.acts.somebody();
    await scene.acts.act(lifted, { kind: 'place', lockHours: 0 });
    const placing = await item(items.length + 1);
    addRoot();
    await anew();
    await scene.world.advanceHours(72);
    await scene.acts.act(lifted, { kind: 'lift' });
    const lifting = await item(items.length + 2);
    expect([lifting.kind, lifting.claims.sub_id.id]).toEqual(['refusal-lifted', placing.claims.sub_id.id]);
  });

  it('seals nothing when the file lacks the root of the day', async () => {
    await scene.stopClerk();
    const whole = readFileSync(file, 'utf8');
    const { key } = JSON.parse(whole) as { key: string };
    writeFileSync(file, JSON.stringify({ key }), { mode: 0o600 });
    const before = await scene.gkb.items();
    await scene.startClerk();
    await scene.placed();
    const failures = async (): Promise<string> => metrics.metrics();
    await eventually('a failing duty', failures, (text) =>
      /duty_failures_total\{duty="feed"\} [1-9]/.test(text),
    );
    expect(await scene.gkb.items()).toHaveLength(before.length);
    await scene.stopClerk();
    writeFileSync(file, whole, { mode: 0o600 });
    await scene.startClerk();
    await item(before.length + 1);
  });
});

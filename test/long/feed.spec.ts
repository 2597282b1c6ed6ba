/**
 * Two hundred thousand placings and lifts (FEED_ITEMS says how many) under way to both bureaus, while bureaus, clerk and
 * `apps/bureau` are killed sixty times.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { differences, everythingArrived, writeAmongKills } from '../support/feed-run.js';
import { newPlace, removeHome, Sandbox } from '../support/sandbox.js';

const items = Number(process.env['FEED_ITEMS'] ?? '200000');
const kills = 60;
/** Of one of two cores, and generous: it is no figure. */
const withinMs = Math.max(60_000, items * 10);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start(await newPlace());
}, 90_000);
afterAll(async () => {
  await sandbox.stop();
  removeHome(sandbox.place);
}, 60_000);

it(
  'misses nothing, applies nothing twice, and agrees in the end',
  async () => {
    const killed = await writeAmongKills(sandbox, { items, kills });
    await everythingArrived(sandbox, withinMs);
    expect(killed).toBeGreaterThan(kills / 2);
    expect(await differences(sandbox)).toEqual([]);
  },
  withinMs + 600_000,
);

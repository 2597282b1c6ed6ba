/** fsck on the streams of two bureaus: clean as they are, and naming the row whenever the owner changed one. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource, EntityManager } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import type { FindingCode } from '../../apps/tool/fsck/finding.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import type { BureauReader } from '../support/bureau-reader.js';
import { bureauReader } from '../support/bureau-scene.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { newWorld, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';
import { origin } from '../support/journals.js';

let world: World;
let app: NestFastifyApplication;
let clerk: INestApplicationContext;
let owner: DataSource;
let reader: BureauReader;
let acts: CitizenActs;

beforeAll(async () => {
  world = await newWorld();
  app = await world.startBureau();
  clerk = await world.startClerk();
  owner = await openDatabase(world.database.target('tyiym_owner'), { poolSize: 2 });
  acts = citizenActs(world);
  const people = [await acts.somebody(), await acts.somebody(), await acts.somebody()];
  for (const somebody of people) await acts.act(somebody, { kind: 'place', lockHours: 0 });
  for (const somebody of people.slice(1, 2)) await acts.act(somebody, { kind: 'lift' });
  reader = bureauReader(world, app, 'gkb');
  const items = await eventually(
    'four items',
    () => reader.items(),
    ({ length }) => length === 4,
  );
  const recordedAt = new Date(world.registryNow()).toISOString();
  const stamps = items.map(({ jti }) => ({ jti, recordedAt }));
  expect((await reader.call('POST', '/v1/stamps', { items: stamps }, randomUUID())).status).toBe(200);
  // As one of the ten thousandth item would be.
  await world.database.owner.query(
    `INSERT INTO stream_vectors SELECT s.stream_id, s.sealed_seq, now(), s.in_force, (SELECT string_agg(coalesce(b.value,
       decode(repeat('00', 32), 'hex')), '' ORDER BY n) FROM generate_series(0, 255) AS n LEFT JOIN stream_buckets b
       ON b.stream_id = s.stream_id AND b.bucket = n) FROM streams s WHERE s.client_id = 'gkb'`,
  );
}, 60_000);
afterAll(async () => {
  await owner.destroy();
  await world.close();
});

function run(tx: EntityManager) {
  const { tool } = world;
  return fsck({
    ...{ tx, origin, trust: trustOf(tool), pageSize: 3 },
    identityKey: readIdentityKey(tool.keysDir),
    lookupKeys: readLookupKeys(tool.keysDir),
  });
}

const gkb = `(SELECT stream_id FROM streams WHERE client_id = 'gkb')`;

describe('fsck', () => {
  it('finds nothing in what clerk and bureau did, as the tool’s own role', async () => {
    const dataSource = await openDatabase(world.database.target('tyiym_tool'), { poolSize: 2 });
    try {
      expect((await run(dataSource.manager)).findings).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it.each<[string, string, FindingCode, string]>([
    [
      'the version of a sealed item',
      `UPDATE sealed_items SET version = 7 WHERE stream_id = ${gkb} AND seq = 2`,
      ...(['row-differs', 'sealed_items gkb 2'] as const),
    ],
    [
      'the entry of a sealed item',
      `UPDATE sealed_items SET entry_id = gen_random_uuid() WHERE stream_id = ${gkb} AND seq = 1`,
      ...(['row-differs', 'sealed_items gkb 1'] as const),
    ],
    [
      'a placing told as a lift',
      `UPDATE sealed_items SET kind = 'refusal-lifted' WHERE stream_id = ${gkb} AND seq = 1`,
      ...(['row-differs', 'sealed_items gkb 1'] as const),
    ],
    [
      'an item about another person',
      `UPDATE sealed_items SET sub_id = sha256(sub_id) WHERE stream_id = ${gkb} AND seq = 1`,
      ...(['row-unknown', 'stream_members gkb 1'] as const),
    ],
    [
      'an item that is withheld though its person is known',
      `UPDATE sealed_items SET withheld = true WHERE stream_id = ${gkb} AND seq = 3`,
      ...(['row-differs', 'sealed_items gkb 3'] as const),
    ],
    [
      'a sealed item, gone',
      `DELETE FROM sealed_items WHERE stream_id = ${gkb} AND seq = 4`,
      ...(['row-missing', 'sealed_items gkb 4'] as const),
    ],
    [
      'items beyond what is said to be sealed',
      `UPDATE streams SET sealed_seq = 3, acked_seq = 0 WHERE client_id = 'gkb'`,
      ...(['row-unknown', 'sealed_items gkb 4'] as const),
    ],
    [
      'how many are in force',
      `UPDATE streams SET in_force = in_force + 1 WHERE client_id = 'gkb'`,
      ...(['row-differs', 'streams gkb'] as const),
    ],
    [
      'a member',
      `UPDATE stream_members SET version = 5 WHERE stream_id = ${gkb} AND seq = 1`,
      ...(['row-unknown', 'stream_members gkb 1'] as const),
    ],
    [
      'a member, gone',
      `DELETE FROM stream_members WHERE stream_id = ${gkb} AND seq = 1`,
      ...(['row-differs', 'stream_members gkb bucket'] as const),
    ],
    [
      'a value of a digest',
      `UPDATE stream_buckets SET value = sha256(value) WHERE stream_id = ${gkb}`,
      ...(['row-differs', 'stream_buckets gkb'] as const),
    ],
    [
      'a digest that was kept',
      `UPDATE stream_vectors SET buckets = set_byte(buckets, 0, get_byte(buckets, 0) # 1)`,
      ...(['row-differs', 'stream_vectors gkb 4'] as const),
    ],
    [
      'a stamp',
      `UPDATE stamps SET recorded_at = recorded_at - interval '1 day' WHERE seq = 1`,
      ...(['row-differs', 'stamps '] as const),
    ],
    ['a stamp, gone', `DELETE FROM stamps WHERE seq = 2`, ...(['row-missing', 'stamps '] as const)],
    [
      'a stamp of another item',
      `UPDATE stamps SET seq = 3 WHERE seq = 1`,
      ...(['row-differs', 'stamps '] as const),
    ],
  ])('names %s', async (_, change, code, place) => {
    const runner = owner.createQueryRunner();
    await runner.startTransaction();
    try {
      for (const table of ['streams', 'stamps'])
        await runner.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      const { affected } = await runner.query(change, [], true);
      expect(affected).toBeGreaterThan(0);
      const { findings } = await run(runner.manager);
      const named = findings.map((one) => `${one.code} ${one.table ?? ''} ${one.row ?? ''}`);
      expect(named).toContainEqual(expect.stringContaining(`${code} ${place}`));
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });
});

describe('an item that names nobody any more', () => {
  it('is told and part of no set, does not stop what comes behind it, and is named by fsck when somebody hid a person', async () => {
    await clerk.close();
    await acts.act(await acts.somebody(), { kind: 'place', lockHours: 0 });
    await world.database.superuser.query(
      'UPDATE feed SET subject = NULL WHERE seq = (SELECT max(seq) FROM feed)',
    );
    const somebody = await acts.somebody();
    await acts.act(somebody, { kind: 'place', lockHours: 0 });
    clerk = await world.startClerk();
    const items = await eventually(
      'six items',
      () => reader.items(),
      ({ length }) => length === 6,
    );
    const [nameless, named] = await Promise.all(items.slice(4).map(({ event }) => reader.open(event.sealed)));
    expect(nameless).toEqual({
      ...{ sub_id: items[4]?.claims.sub_id.id, version: 1, receipt: expect.any(Object) },
    });
    expect(named?.iin).toBe(somebody.iin);
    const { rows } = await world.database.superuser.query<{ members: number }>(
      `SELECT count(*)::int AS members FROM stream_members m JOIN sealed_items USING (stream_id, seq) WHERE withheld`,
    );
    expect(rows).toEqual([{ members: 0 }]);
    await world.database.superuser.query(
      'UPDATE feed f SET subject = e.subject FROM entries e WHERE e.index = f.entry_index AND f.seq = 5',
    );
    const { findings } = await run(owner.manager);
    expect(findings.map(({ code, table, row }) => `${code} ${table ?? ''} ${row ?? ''}`)).toEqual([
      'row-differs sealed_items gkb 5',
      'row-differs sealed_items pkb 5',
    ]);
  });
});

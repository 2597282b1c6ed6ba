/** Stamps and digests: what a bureau says, what the citizen is shown of it, and how a bureau that lost something finds out. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Response } from 'supertest';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { auditAfterEach } from '../support/auditor.js';
import type { BureauReader, Received } from '../support/bureau-reader.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import type { CitizenActs, Somebody } from '../support/citizen-acts.js';
import type { World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';
import { held, itemOf, vectorOf, type Held } from '../support/held.js';

let scene: BureauScene;
let world: World;
let acts: CitizenActs;
let gkb: BureauReader;
let pkb: BureauReader;

beforeAll(async () => {
  scene = await bureauScene();
  ({ world, acts, gkb, pkb } = scene);
}, 60_000);
auditAfterEach(() => world);
afterAll(() => scene.close());

/** The newest item of a stream, once it is sealed. */
async function newest(reader: BureauReader): Promise<Received> {
  const { head } = await reader.poll({ maxEvents: 0 });
  const items = await eventually(
    'the newest',
    () => reader.items(),
    (found) => found.at(-1)?.event.seq === head,
  );
  const last = items.at(-1);
  if (last === undefined) throw new Error('nothing');
  return last;
}

const recordedAt = (): string => new Date(world.registryNow()).toISOString();
const stamp = (
  reader: BureauReader,
  items: readonly object[],
  key: string = randomUUID(),
): Promise<Response> => reader.call('POST', '/v1/stamps', { items }, key);
const shown = async ({ iin }: Somebody): Promise<unknown> =>
  ((await acts.present('/v1/refusal-status', iin)).body as { stamps: unknown }).stamps;
const kinds = async (kind: string): Promise<readonly Record<string, unknown>[]> => {
  const { rows } = await world.database.superuser.query<{ entry: string }>(
    'SELECT entry FROM entries WHERE kind = $1 ORDER BY index',
    [kind],
  );
  return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
};
const codes = ({ body }: Response): unknown[] =>
  (body as { items: { state?: string; problem?: { code: string } }[] }).items.map(
    ({ state, problem }) => state ?? problem?.code,
  );

describe('a stamp', () => {
  it('turns waiting into stamped for its own bureau, and is an entry in the person’s trail', async () => {
    const somebody = await scene.placed();
    const { jti } = await newest(gkb);
    expect(await shown(somebody)).toEqual([
      { bureau: 'gkb', state: 'waiting' },
      { bureau: 'pkb', state: 'waiting' },
    ]);
    const at = recordedAt();
    expect(codes(await stamp(gkb, [{ jti, recordedAt: at, historyRef: 'H-1' }]))).toEqual(['stamped']);
    expect(await shown(somebody)).toEqual([
      { bureau: 'gkb', state: 'stamped', stampedAt: at },
      { bureau: 'pkb', state: 'waiting' },
    ]);
    expect(await kinds('refusal.stamped')).toMatchObject([
      { about: jti.split('.')[0], recordedAt: at, historyRef: 'H-1' },
    ]);
    const trail = (await acts.present('/v1/trail', somebody.iin)).body as {
      items: { kind: string; about?: string }[];
    };
    expect(trail.items.find(({ kind }) => kind === 'refusal.stamped')?.about).toBe(jti.split('.')[0]);
  });

  it('is said once, however often it is sent, and superseded by another', async () => {
    await scene.placed();
    const { jti } = await newest(gkb);
    const before = (await kinds('refusal.stamped')).length;
    const said = [{ jti, recordedAt: recordedAt() }];
    const key = randomUUID();
    const [first, twin] = await Promise.all([stamp(gkb, said, key), stamp(gkb, said, key)]);
    expect(first.body).toEqual(twin.body);
    expect([first, twin].filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(1);
    expect(codes(await stamp(gkb, said))).toEqual(['stamped']);
    expect((await kinds('refusal.stamped')).length).toBe(before + 1);
    expect((await stamp(gkb, [{ jti, recordedAt: recordedAt(), historyRef: 'H-2' }], key)).status).toBe(422);
    expect(codes(await stamp(gkb, [{ jti, recordedAt: recordedAt(), historyRef: 'H-2' }]))).toEqual([
      'stamped',
    ]);
    expect((await kinds('refusal.stamped')).length).toBe(before + 2);
  });

  it('keeps its key also when nothing of it is new, or nothing of it can stand', async () => {
    await scene.placed();
    const { jti } = await newest(gkb);
    const said = [{ jti, recordedAt: recordedAt() }];
    await stamp(gkb, said);
    for (const items of [said, [{ jti: 'nothing', recordedAt: recordedAt() }]]) {
      const key = randomUUID();
      const first = await stamp(gkb, items, key);
      const again = await stamp(gkb, items, key);
      expect(again.body).toEqual(first.body);
      expect(again.headers['idempotent-replayed']).toBe('true');
      const other = await stamp(gkb, [{ jti, recordedAt: recordedAt(), historyRef: 'H-3' }], key);
      expect(other.body).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    }
  });

  it('of nothing, of another stream, of the future or with the person’s number is answered by itself', async () => {
    const somebody = await scene.placed();
    const [ours, theirs] = await Promise.all([newest(gkb), newest(pkb)]);
    const { jti } = ours;
    const at = recordedAt();
    const [, stream] = jti.split('.');
    const answer = await stamp(gkb, [
      { jti: `ent_01m833m14vep39sxqzgk6250sn.${stream ?? ''}`, recordedAt: at },
      { jti: 'nothing', recordedAt: at },
      { jti: theirs.jti, recordedAt: at },
      { jti, recordedAt: at },
    ]);
    expect(codes(answer)).toEqual(['set-unknown', 'set-unknown', 'set-not-yours', 'stamped']);
    const later = new Date(world.registryNow() + 3_600_000).toISOString();
    expect(codes(await stamp(gkb, [{ jti, recordedAt: later }]))).toEqual(['recorded-at-implausible']);
    expect(codes(await stamp(gkb, [{ jti, recordedAt: '2020-01-01T00:00:00Z' }]))).toEqual([
      'recorded-at-implausible',
    ]);
    expect(codes(await stamp(gkb, [{ jti, recordedAt: at, historyRef: `x${somebody.iin}` }]))).toEqual([
      'reference-holds-iin',
    ]);
    expect(
      (
        await stamp(gkb, [
          { jti, recordedAt: at },
          { jti, recordedAt: at },
        ])
      ).status,
    ).toBe(400);
  });

  it('may come for a lift before that of its placing', async () => {
    const somebody = await scene.placed();
    const placing = await newest(gkb);
    await acts.act(somebody, { kind: 'lift' });
    const lift = await newest(gkb);
    expect(codes(await stamp(gkb, [{ jti: lift.jti, recordedAt: recordedAt() }]))).toEqual(['stamped']);
    expect(await shown(somebody)).toMatchObject([{ bureau: 'gkb', state: 'stamped' }, { state: 'waiting' }]);
    expect(codes(await stamp(gkb, [{ jti: placing.jti, recordedAt: recordedAt() }]))).toEqual(['stamped']);
  });

  it.each([
    ['under the entry of the placing', 'entry_index'],
    ['under no entry', '1000000'],
  ])('is not written past the Journal: %s', async (_, place) => {
    await scene.placed();
    const bureau = new pg.Client(clientConfig(world.database.target('tyiym_bureau')));
    await bureau.connect();
    const forged = `INSERT INTO stamps SELECT ${place}, 'gkb', seq, 'stamped', at, at FROM feed ORDER BY seq DESC LIMIT 1`;
    await expect(bureau.query(forged)).rejects.toMatchObject({ code: '23000' });
    await bureau.end();
  });

  it('is overdue when the bureau’s time is over', async () => {
    const somebody = await scene.placed();
    const { jti } = await newest(pkb);
    await world.advanceHours(1);
    await scene.placed();
    expect(await shown(somebody)).toMatchObject([{ state: 'overdue' }, { state: 'overdue' }]);
    expect(codes(await stamp(pkb, [{ jti, recordedAt: recordedAt() }]))).toEqual(['stamped']);
    expect(await shown(somebody)).toMatchObject([{ state: 'overdue' }, { state: 'stamped' }]);
  });
});

describe('a digest', () => {
  const post = async (set: Held, atSeq: number) =>
    gkb.call('POST', '/v1/digests', { atSeq, inForce: set.size, buckets: vectorOf(set) });
  const postBucket = async (bucket: number, atSeq: number, set: Held) =>
    gkb.call('POST', `/v1/digests/${bucket}`, {
      atSeq,
      items: [...set.keys()].filter((name) => Buffer.from(name, 'base64url')[0] === bucket),
    });

  it('agrees after any item, also after one that is long past', async () => {
    await newest(gkb);
    const items = await gkb.items({ maxEvents: 1000 });
    for (let count = 0; count <= items.length; count += 1)
      expect((await post(held(items.slice(0, count)), count)).body).toEqual({ agrees: true });
    expect((await post(held(items), items.length + 1)).body).toMatchObject({
      code: 'position-not-available',
    });
  });

  it('names what a restored bureau lacks and what it holds too much, and lets the person wait again', async () => {
    const somebody = await scene.placed();
    const lost = await newest(gkb);
    await stamp(gkb, [{ jti: lost.jti, recordedAt: recordedAt() }]);
    const all = await gkb.items({ maxEvents: 1000 });
    const atSeq = all.length;
    const restored = held(all);
    const lostItem = itemOf(lost.claims.sub_id.id, 1);
    restored.delete(lostItem.toString('base64url'));
    const invented = itemOf('nobody', 1);
    restored.set(invented.toString('base64url'), lost);

    const answer = (await post(restored, atSeq)).body as { differing: number[] };
    expect(answer.differing.toSorted()).toEqual(
      [...new Set([lostItem[0] ?? 0, invented[0] ?? 0])].toSorted(),
    );
    const differences = await Promise.all(
      answer.differing.map((bucket) => postBucket(bucket, atSeq, restored)),
    );
    const bodies = differences.map(({ body }) => body as { missing: unknown[]; extra: string[] });
    expect(bodies.flatMap(({ missing }) => missing)).toEqual([{ sub_id: lost.claims.sub_id.id, version: 1 }]);
    expect(bodies.flatMap(({ extra }) => extra)).toEqual([invented.toString('base64url')]);
    expect(await shown(somebody)).toMatchObject([{ bureau: 'gkb', state: 'waiting' }, {}]);
    expect(await kinds('stamp.lost')).toMatchObject([{ about: lost.claims['txn'], atSeq }]);
    const [disagreed] = await kinds('bureau.disagreed');
    expect(disagreed).toMatchObject({ atSeq, inForce: restored.size, theirInForce: restored.size });

    // Said again it is no news; healed, it agrees, and the stamp counts again.
    await post(restored, atSeq);
    expect(await kinds('bureau.disagreed')).toHaveLength(1);
    expect((await post(held(all), atSeq)).body).toEqual({ agrees: true });
    await stamp(gkb, [{ jti: lost.jti, recordedAt: recordedAt() }]);
    expect(await shown(somebody)).toMatchObject([{ bureau: 'gkb', state: 'stamped' }, {}]);
  });

  it('is not shown to whoever has not shown his own', async () => {
    const items = await gkb.items({ maxEvents: 1000 });
    const atSeq = items.length;
    expect((await postBucket(7, atSeq, held(items))).body).toMatchObject({ code: 'vector-first' });
    await post(held(items), atSeq);
    expect((await postBucket(7, atSeq, held(items))).body).toMatchObject({ code: 'vector-first' });
    await post(new Map(), atSeq);
    expect((await postBucket(7, atSeq - 1, new Map())).body).toMatchObject({ code: 'vector-first' });
    expect((await gkb.call('POST', '/v1/digests/256', { atSeq, items: [] })).status).toBe(404);
    expect((await post(held(items), atSeq)).body).toEqual({ agrees: true });
  });
});

/** The streams of two bureaus, from a citizen's signature to what the bureau can read, and everything that goes wrong. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compactDecrypt } from 'jose';
import { metrics } from '#libs/platform/metrics.js';
import { auditAfterEach } from '../support/auditor.js';
import type { BureauReader, Received } from '../support/bureau-reader.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import type { CitizenActs } from '../support/citizen-acts.js';
import { verified, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

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

const waiting = (reader: BureauReader, count: number) =>
  eventually(
    `${count} items`,
    () => reader.items(),
    (items) => items.length >= count,
  );

/** Acknowledges everything that waits. */
async function drain(reader: BureauReader): Promise<void> {
  const { head } = await reader.poll({ maxEvents: 0 });
  await eventually(
    'an empty stream',
    async () => {
      const items = await reader.items();
      await reader.poll({ maxEvents: 0, ack: items.map(({ jti }) => jti) });
      const { body } = await reader.call('GET', '/v1/streams');
      return (body as { acked_seq: number }[])[0]?.acked_seq ?? -1;
    },
    (acked) => acked >= head,
  );
}

const seqs = (items: readonly Received[]): readonly number[] => items.map(({ event }) => event.seq);

describe('a stream', () => {
  it('brings both bureaus the placing, sealed for each alone, with a receipt that verifies', async () => {
    const somebody = await scene.placed();
    const [[ours], [theirs]] = await Promise.all([waiting(gkb, 1), waiting(pkb, 1)]);
    if (ours === undefined || theirs === undefined) throw new Error('nothing');
    expect(ours).toMatchObject({ kind: 'refusal-placed', event: { seq: 1, prev: null, version: 1 } });
    expect(ours.set).not.toContain(somebody.iin);
    const opened = await gkb.open(ours.event.sealed);
    expect(opened).toMatchObject({ iin: somebody.iin, version: 1, sub_id: ours.claims.sub_id.id });
    const { entry } = await verified(world, opened.receipt, somebody.iin);
    expect(entry).toMatchObject({ kind: 'refusal.placed', id: ours.claims['txn'], at: ours.event.at });
    expect(theirs.claims.sub_id.id).not.toBe(ours.claims.sub_id.id);
    await expect(gkb.open(theirs.event.sealed)).rejects.toThrow();
  });

  it('delivers again what was not acknowledged, to two pollers alike, and stops before a gap', async () => {
    await Promise.all([scene.placed(), scene.placed()]);
    const items = await waiting(gkb, 3);
    const [twin, other] = await Promise.all([gkb.items(), gkb.items()]);
    expect(seqs(twin)).toEqual(seqs(items));
    expect(seqs(other)).toEqual(seqs(items));
    const [first, second, third] = items;
    expect(second?.event.prev).toBe(first?.jti);
    expect(seqs(await gkb.items({ ack: [second?.jti, third?.jti] }))).toEqual([1, 2, 3]);
    expect(seqs(await gkb.items({ ack: [first?.jti] }))).toEqual([2, 3]);
    expect(seqs(await gkb.items({ ack: [first?.jti, second?.jti] }))).toEqual([3]);
    // What another stream was sent acknowledges nothing here, nor does what never was.
    const [foreign] = await pkb.items();
    expect(seqs(await gkb.items({ ack: [foreign?.jti, 'ent_x.str_y', ''] }))).toEqual([3]);
  });

  it('delivers anew, signed anew, what a bureau could not take', async () => {
    const [item] = await gkb.items();
    if (item === undefined) throw new Error('nothing');
    const altered = item.set.replace(/\.(.)/, (_, letter: string) => `.${letter === 'e' ? 'f' : 'e'}`);
    await expect(gkb.verified(item.jti, altered)).rejects.toThrow();
    const again = await gkb.items({
      setErrs: { [item.jti]: { err: 'authentication_failed', description: 'x' } },
    });
    expect(seqs(again)[0]).toBe(item.event.seq);
    // The first letter of the tag: not every bit of the last one is read.
    const bent = item.event.sealed.replace(/[^.](?=[^.]*$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    await expect(gkb.open(bent)).rejects.toThrow();
  });

  it('answers a long poll the moment something comes', async () => {
    await drain(gkb);
    await gkb.poll();
    const poll = gkb.items({ returnImmediately: false });
    const somebody = await scene.placed();
    const [item] = await poll;
    expect((await gkb.open(item?.event.sealed ?? '')).iin).toBe(somebody.iin);
  });

  it('tells of a lift and leaves out locks and requests', async () => {
    await drain(gkb);
    const somebody = await scene.placed();
    expect((await acts.act(somebody, { kind: 'lift' })).body).toMatchObject({ state: 'lifted' });
    const items = await waiting(gkb, 2);
    expect(items.map(({ kind, event }) => `${kind} ${event.version}`)).toEqual([
      'refusal-placed 1',
      'refusal-lifted 2',
    ]);
    expect(items[1]?.claims.sub_id).toEqual(items[0]?.claims.sub_id);
  });

  it('goes on under the next day’s key in the middle of a catch-up', async () => {
    await drain(gkb);
    await scene.placed();
    await waiting(gkb, 1);
    await world.advanceHours(24);
    await scene.placed();
    const items = await eventually(
      'items of two days',
      () => gkb.items(),
      (found) => new Set(found.map(({ event }) => kidOf(event.sealed))).size === 2,
    );
    const opened = await Promise.all(items.map(({ event }) => gkb.open(event.sealed)));
    expect(opened.map(({ version }) => version)).toEqual([1, 1]);
    const keys = [...(await gkb.dayKeys()).keys()];
    expect(keys).toEqual(keys.toSorted());
    // One that leaked opens what was sealed that day for this bureau, and nothing else.
    const theirs = await waiting(pkb, items.length);
    const [leaked] = [...(await gkb.dayKeys(`?from=${keys.at(-1)?.slice(-10) ?? ''}`)).values()];
    const opensBy = await Promise.all(
      [...items, ...theirs].map(({ event }) =>
        compactDecrypt(event.sealed, leaked ?? Buffer.alloc(32)).then(
          () => true,
          () => false,
        ),
      ),
    );
    expect(opensBy.filter(Boolean)).toHaveLength(1);
    expect(opensBy[1]).toBe(true);
    expect([...(await gkb.dayKeys(`?from=${keys.at(-1)?.slice(-10) ?? ''}`)).keys()]).toEqual(keys.slice(-1));
  });

  it('verifies its head every five minutes and whenever it is asked', async () => {
    const verification = async (): Promise<unknown[]> =>
      (await gkb.poll({ maxEvents: 1 })).received
        .filter(({ kind }) => kind === undefined)
        .map(({ event }) => event);
    await verification();
    expect(await verification()).toEqual([]);
    expect((await gkb.call('POST', `/v1/streams/${await gkb.streamId()}/verification`)).status).toBe(204);
    const { head } = await gkb.poll({ maxEvents: 0 });
    expect(await verification()).toMatchObject([{ head_seq: head }]);
    await world.advanceHours(1);
    expect(await verification()).toHaveLength(1);
  });
});

function kidOf(jwe: string): string {
  const [header = ''] = jwe.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
}

describe('starting from nothing', () => {
  interface Line {
    readonly sub_id: string;
    readonly version: number;
    readonly seq: number;
    readonly sealed: string;
  }
  const snapshot = async (query = ''): Promise<{ lines: Line[]; atSeq: number; status: number }> => {
    const answer = await gkb
      .call('GET', `/v1/streams/${await gkb.streamId()}/snapshot${query}`)
      .then((response) => response);
    const text = answer.text ?? (answer.body as Buffer).toString();
    const lines = answer.status === 200 ? text.split('\n').filter(Boolean) : [];
    return {
      lines: lines.map((line) => JSON.parse(line) as Line),
      atSeq: Number(answer.headers['stream-snapshot-seq']),
      status: answer.status,
    };
  };

  it('reads who is in force, goes on where it was broken off, and polls from there', async () => {
    await drain(gkb);
    const { lines, atSeq } = await snapshot();
    const { rows } = await world.database.superuser.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM refusals WHERE state IN ('in-force', 'lift-pending')`,
    );
    expect(lines).toHaveLength(rows[0]?.count ?? -1);
    const opened = await Promise.all(lines.map(({ sealed }) => gkb.open(sealed)));
    expect(opened.map(({ sub_id }) => sub_id)).toEqual(lines.map(({ sub_id }) => sub_id));
    const [first, ...rest] = lines;
    expect((await snapshot(`?after=${first?.seq ?? 0}&atSeq=${atSeq}`)).lines).toEqual(rest);
    expect((await snapshot(`?after=&atSeq=${atSeq}`)).lines).toEqual(lines);
    expect((await snapshot(`?atSeq=${atSeq + 1}`)).status).toBe(422);

    const position = async (afterSeq: number) =>
      (await gkb.call('POST', `/v1/streams/${await gkb.streamId()}/position`, { afterSeq })).status;
    expect(await position(atSeq + 1)).toBe(422);
    expect(await position(1)).toBe(204);
    // A verification event is due from the position on; it is one of as many as were asked for.
    const page = async (maxEvents: number) => {
      const { received, more } = await gkb.poll({ maxEvents });
      const isItem = ({ kind }: Received) => kind !== undefined;
      return {
        verifications: received.filter((each) => !isItem(each)).length,
        seqs: seqs(received.filter(isItem)),
        more,
      };
    };
    expect(await page(2)).toEqual({ verifications: 1, seqs: [2], more: true });
    expect(await page(2)).toEqual({ verifications: 0, seqs: [2, 3], more: true });
    expect(await position(1)).toBe(204);
    expect(await page(1)).toEqual({ verifications: 1, seqs: [], more: true });
    expect(await page(1)).toEqual({ verifications: 0, seqs: [2], more: true });
    expect(await position(atSeq)).toBe(204);
    expect(await gkb.items()).toEqual([]);
  });

  it('replays whatever was acknowledged', async () => {
    const replay = async (query: string) =>
      (await gkb.call('GET', `/v1/streams/${await gkb.streamId()}/events${query}`)).body as {
        items: { jti: string; set: string }[];
        next: string | null;
      };
    const { items, next } = await replay('?afterSeq=1&limit=2');
    const received = await Promise.all(items.map(({ jti, set }) => gkb.verified(jti, set)));
    expect(seqs(received)).toEqual([2, 3]);
    expect(next).toBe('3');
    expect((await replay('?afterSeq=1000000')).next).toBeNull();
    const named = async (query: string) => (await replay(query)).items.map(({ jti }) => jti);
    expect(await named('?afterSeq=&limit=2')).toEqual(await named('?limit=2'));
  });

  it('shows nobody another bureau’s stream', async () => {
    for (const [method, path, body] of [
      ['POST', 'poll', { returnImmediately: true }],
      ['GET', 'keys', undefined],
      ['GET', 'events', undefined],
      ['GET', 'snapshot', undefined],
      ['POST', 'position', { afterSeq: 0 }],
      ['POST', 'verification', undefined],
    ] as const)
      expect((await gkb.call(method, `/v1/streams/${await pkb.streamId()}/${path}`, body)).status).toBe(404);
  });
});

describe('while the registry is in doubt', () => {
  const inDoubt = async (doubted: () => Promise<void>): Promise<void> => {
    // The worker would settle what nobody has to mend.
    await scene.stopClerk();
    const { superuser } = world.database;
    await superuser.query(`INSERT INTO doubts (kind, what) VALUES ('refusals-differ', 'a test')`);
    try {
      await doubted();
    } finally {
      await superuser.query('DELETE FROM doubts');
      await scene.startClerk();
    }
  };
  const unavailable = { status: 503, body: { code: 'registry-unavailable' } };

  it('a bureau is sent placings up to the first lift, and nothing that loosens, until it is over', async () => {
    await drain(gkb);
    const somebody = await scene.placed();
    await acts.act(somebody, { kind: 'lift' });
    await scene.placed();
    const [placing, lift, another] = await waiting(gkb, 3);
    const path = `/v1/streams/${await gkb.streamId()}`;
    const poll = { returnImmediately: true, ack: [placing?.jti] };
    const before = (placing?.event.seq ?? 0) - 1;
    const bucket = { atSeq: another?.event.seq, items: [] };
    await inDoubt(async () => {
      expect(await gkb.poll()).toMatchObject({ received: [{ jti: placing?.jti }], more: true });
      expect(await gkb.call('POST', `${path}/poll`, poll)).toMatchObject(unavailable);
      expect((await gkb.call('GET', `${path}/events?afterSeq=${before}`)).body).toMatchObject({
        ...{ items: [{ jti: placing?.jti }], next: String(before + 1) },
      });
      expect(await gkb.call('GET', `${path}/events?afterSeq=${before + 1}`)).toMatchObject(unavailable);
      expect(await gkb.call('GET', `${path}/snapshot`)).toMatchObject(unavailable);
      expect(await gkb.call('POST', '/v1/digests/0', bucket)).toMatchObject(unavailable);
      await gkb.call('POST', `${path}/position`, { afterSeq: before + 2 });
      expect((await gkb.call('POST', `${path}/poll`, poll)).status).toBe(200);
      await gkb.call('POST', `${path}/position`, { afterSeq: before + 1 });
    });
    expect((await gkb.items()).map(({ jti }) => jti)).toEqual([lift?.jti, another?.jti]);
    expect((await gkb.call('GET', `${path}/snapshot`)).status).toBe(200);
  });
});

describe('the worker', () => {
  it('leaves neither a gap nor a second item when its writing fails, when it dies or when there are two of it', async () => {
    await drain(pkb);
    await world.database.owner.query('REVOKE INSERT ON stream_buckets FROM tyiym_clerk_worker');
    const twin = await world.startClerk();
    await scene.placed();
    await scene.stopClerk();
    await scene.placed();
    expect(await pkb.items()).toEqual([]);
    await world.database.owner.query('GRANT INSERT ON stream_buckets TO tyiym_clerk_worker');
    await scene.startClerk();
    await Promise.all([scene.placed(), scene.placed()]);
    const items = await waiting(pkb, 4);
    const { head } = await pkb.poll({ maxEvents: 0 });
    expect(seqs(items)).toEqual([head - 3, head - 2, head - 1, head]);
    await twin.close();
    const { rows } = await world.database.superuser.query<{ differ: number }>(
      `SELECT count(*)::int AS differ FROM streams s
       WHERE in_force <> (SELECT count(*) FROM stream_members m WHERE m.stream_id = s.stream_id)`,
    );
    expect(rows).toEqual([{ differ: 0 }]);
  });

  const query = (sql: string) => world.database.superuser.query(sql);

  it('stands still before a person whose row was bent, and goes on when it is mended', async () => {
    await drain(pkb);
    await scene.stopClerk();
    const somebody = await scene.placed();
    const bend = 'UPDATE people SET iin = set_byte(iin, 20, get_byte(iin, 20) # 1)';
    await query(bend);
    await scene.startClerk();
    const failures = async (): Promise<number> =>
      (await metrics.getSingleMetric('tyiym_clerk_duty_failures_total')?.get())?.values.find(
        ({ labels }) => labels['duty'] === 'feed',
      )?.value ?? 0;
    const before = await failures();
    await eventually('the duty fails', failures, (count) => count > before);
    expect(await pkb.items()).toEqual([]);
    await query(bend);
    const [item] = await waiting(pkb, 1);
    expect((await pkb.open(item?.event.sealed ?? '')).iin).toBe(somebody.iin);
  });
});

/** Callers who wait, and leave: the work ends with them, and no party takes the places of another. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { metrics } from '#libs/platform/metrics.js';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import type { CitizenActs } from '../support/citizen-acts.js';
import { call, type Call, type Channel, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

let world: World;
let acts: CitizenActs;
let lender: NestFastifyApplication;
let scene: BureauScene;

beforeAll(async () => {
  scene = await bureauScene();
  ({ world, acts } = scene);
  lender = await world.startLender();
}, 60_000);
auditAfterEach(() => world);
afterAll(() => scene.close());

/** Of this metric alone, because others ask the database when they are collected. */
const waitingCalls = async (): Promise<number> => {
  const { values } = (await metrics.getSingleMetric('tyiym_waiting_calls')?.get()) ?? { values: [] };
  return values[0]?.value ?? 0;
};
const waiting = (count: number): Promise<number> =>
  eventually(`${count} calls wait`, waitingCalls, (found) => found === count);

interface Poll {
  readonly app: NestFastifyApplication;
  readonly caller: Channel;
  readonly what: Call;
  /** Of the database, by which it would be told. */
  readonly channel: string;
  readonly table: string;
}

const notices = (caller: Channel, wait = 25): Poll => ({
  ...{ app: lender, caller, channel: 'tyiym_notices', table: 'notices' },
  what: { method: 'GET', path: `/v1/notices?wait=${wait}`, scope: 'checks' },
});
const ofBureau = async (): Promise<Poll> => {
  const reader = scene.gkb;
  // The first one brings a verification event and waits for nothing.
  await reader.poll();
  const streamId = await reader.streamId();
  const what: Call = {
    method: 'POST',
    path: `/v1/streams/${streamId}/poll`,
    scope: 'feed',
    body: { returnImmediately: false },
  };
  return { app: scene.app, caller: reader.bureau, what, channel: 'tyiym_sealed', table: 'streams' };
};
const ofApplication = async (): Promise<Poll> => {
  const { iin } = await acts.somebody();
  const { applicationId } = (await acts.open(iin, { kind: 'place', lockHours: 0 })).body as Opened;
  const what: Call = { method: 'GET', path: `/v1/applications/${applicationId}?wait=25` };
  return { app: world.app, caller: world.portal, what, channel: 'tyiym_signed', table: 'applications' };
};

describe('a caller who leaves', () => {
  it.each([
    ['notices', () => Promise.resolve(notices(world.bank))],
    ['a stream', ofBureau],
    ['an application', ofApplication],
  ])('ends what waits for %s: nothing is asked any more, told or not', async (_, pollOf) => {
    const { app, caller, what, channel, table } = await pollOf();
    const asked = jest.spyOn(app.get(DataSource).manager, 'query');
    const looks = (): number => asked.mock.calls.filter(([sql]) => sql.includes(` ${table} `)).length;
    const leaving = new AbortController();
    const polling = call({ app }, caller, { ...what, leave: leaving.signal }).catch(() => undefined);
    await waiting(1);
    await eventually(
      'it has looked',
      () => Promise.resolve(asked.mock.calls.length),
      (looks) => looks > 0,
    );
    leaving.abort();
    await Promise.all([polling, waiting(0)]);
    const before = looks();
    await world.database.superuser.query(`SELECT pg_notify($1, '')`, [channel]);
    // What is told comes to this line, too, so it was told by then.
    await app.get(DataSource).manager.connection.query('SELECT 1');
    expect(looks()).toBe(before);
    asked.mockRestore();
  });
});

describe('a party that lets many calls wait', () => {
  it('is told 429 beyond its places, while another party waits and is answered', async () => {
    const other = world.others.find(({ clientId }) => clientId === 'mfo-gamma');
    if (other === undefined) throw new Error('no mfo-gamma');
    const leaving = new AbortController();
    const poll = ({ app, caller, what }: Poll) => call({ app }, caller, { ...what, leave: leaving.signal });
    const all = Array.from({ length: 32 }, () => poll(notices(world.bank)).catch(() => undefined));
    await waiting(32);
    const refused = await poll(notices(world.bank));
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect((await poll(notices(other, 1))).status).toBe(200);
    leaving.abort();
    await Promise.all([...all, waiting(0)]);
    expect((await call({ app: lender }, world.bank, notices(world.bank, 0).what)).status).toBe(200);
  });
});

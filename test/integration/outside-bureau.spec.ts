/** The sandbox's bureau on a bad way to the registry: whatever is lost, doubled or altered, each item is applied once. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { auditAfterEach } from '../support/auditor.js';
import { bureauScene, type BureauScene } from '../support/bureau-scene.js';
import { eventually } from '../support/eventually.js';
import { newKeyPair } from '../support/machine-client.js';
import { OutsideBureau } from '../support/outside-bureau.js';

let scene: BureauScene;
let bureau: OutsideBureau;
/** Items of the stream so far. */
let head = 0;

beforeAll(async () => {
  scene = await bureauScene();
}, 60_000);
auditAfterEach(() => scene.world);
afterAll(() => scene.close());
// A bureau that has nothing: it wants the whole stream, whatever the one before acknowledged.
beforeEach(async () => {
  bureau = await OutsideBureau.open(scene.world, scene.gkb);
});
afterEach(() => bureau.close());

async function place(count: number): Promise<void> {
  for (let placed = 0; placed < count; placed += 1) await scene.placed();
  await sealed(count);
}

/** Waits until so many more items are sealed. */
async function sealed(more: number): Promise<void> {
  head += more;
  await eventually(
    'everything is sealed',
    () => rowsOf(`SELECT FROM streams WHERE sealed_seq = ${String(head)}`),
    (streams) => streams === 2,
  );
}

/** How many rows of the registry's a query finds. */
async function rowsOf(query: string): Promise<number> {
  const { rowCount } = await scene.world.database.superuser.query(query);
  return rowCount ?? 0;
}

const everything = (): readonly number[] => Array.from({ length: head }, (_, place) => place + 1);
const hasEverything = () =>
  eventually(
    'everything is applied and stamped',
    () => bureau.applied(),
    ({ seqs, unstamped }) => seqs.length === head && unstamped === 0,
  );

interface Poll {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, unknown>>;
}
const polls = (): readonly Poll[] =>
  bureau.said.filter(({ path }) => path.endsWith('/poll')).map(({ body }) => body as Poll);
const refused = (): readonly string[] => polls().flatMap(({ setErrs }) => Object.keys(setErrs));
type Sets = Readonly<Record<string, string>>;

/** Another first letter of the last part: not every bit of its last one is read. */
const bent = (jws: string): string => jws.replace(/[^.](?=[^.]*$)/, (letter) => (letter === 'A' ? 'B' : 'A'));

describe('a bureau', () => {
  it('does not take a SET that was altered in flight, says so, and takes it when it comes unaltered', async () => {
    await place(3);
    let altered: string | undefined;
    const stop = await bureau.start({
      answered: (path, body) => {
        const { sets } = body as { sets?: Sets };
        const [, second] = Object.entries(sets ?? {});
        if (!path.endsWith('/poll') || second === undefined || altered !== undefined) return body;
        altered = second[0];
        return { ...(body as object), sets: { ...sets, [altered]: bent(second[1]) } };
      },
    });
    const { seqs } = await hasEverything();
    await stop();
    expect(seqs).toEqual(everything());
    expect(await bureau.marked()).toBe(head);
    expect(refused()).toEqual([altered]);
    // Said only once it was taken, so never with the poll that refused it.
    const refusing = polls().find(({ setErrs }) => Object.keys(setErrs).length > 0);
    expect(refusing?.ack).not.toContain(altered);
  });

  it('does not take a SET that another key of the registry signed', async () => {
    await place(1);
    const { kid, publicJwk, privateKey } = await newKeyPair();
    bureau.morePublished.push({ ...publicJwk, kid, alg: 'ES256', purpose: 'head/lender' });
    let forged: string | undefined;
    const stop = await bureau.start({
      answered: async (path, body) => {
        const { sets } = body as { sets?: Sets };
        const [first] = Object.entries(sets ?? {});
        if (!path.endsWith('/poll') || first === undefined || forged !== undefined) return body;
        [forged] = first;
        const set = await new SignJWT(decodeJwt(first[1]))
          .setProtectedHeader({ alg: 'ES256', typ: 'secevent+jwt', kid })
          .sign(privateKey);
        return { ...(body as object), sets: { ...sets, [forged]: set } };
      },
    });
    await hasEverything();
    await stop();
    expect(refused()).toEqual([forged]);
  });

  it('takes nothing with a key that is not its own, and everything with its own', async () => {
    await place(1);
    const stop = await bureau.start({}, scene.pkb.bureau.enc);
    await eventually(
      'it refuses',
      async () => refused().length,
      (count) => count >= head,
    );
    await stop();
    expect(await bureau.applied()).toEqual({ seqs: [], unstamped: 0 });
    expect(polls().flatMap(({ ack }) => ack.filter((jti) => jti.startsWith('ent_')))).toEqual([]);
    const again = await bureau.start();
    await hasEverything();
    await again();
    expect(await bureau.marked()).toBe(head);
  });

  it('applies once what comes again because acknowledgements and answers were lost', async () => {
    await place(2);
    let lost = 0;
    const stop = await bureau.start({
      sent: (path, body) => (path.endsWith('/poll') && lost < 4 ? { ...(body as object), ack: [] } : body),
      answered: (path, body) => {
        const isOfNote = path.endsWith('/poll') || path === '/v1/stamps';
        if (isOfNote && lost < 4 && (lost += 1) % 2 === 0) throw new Error('lost on its way');
        return body;
      },
    });
    const { seqs } = await hasEverything();
    await eventually(
      'all of it was lost',
      async () => lost,
      (count) => count === 4,
    );
    await stop();
    expect(seqs).toEqual(everything());
    expect(await bureau.marked()).toBe(head);
  });

  it('that follows twice at once applies everything once', async () => {
    await place(1);
    const stops = [await bureau.start(), await bureau.start()];
    await place(4);
    const { seqs } = await hasEverything();
    await Promise.all(stops.map((stop) => stop()));
    expect(seqs).toEqual(everything());
    expect(await bureau.marked()).toBe(head);
  });

  it('put back heals in the middle of its catch-up: lifts come again, none is missing, and it is named once', async () => {
    const away = await scene.placed();
    await scene.placed();
    await sealed(2);
    const before = await bureau.start();
    await hasEverything();
    await before();
    const marked = await bureau.marked();
    // From here on its books are those of last week, and one mark is missing in them.
    await bureau.loseMark();
    const passing = await scene.placed();
    for (const person of [passing, away]) await scene.acts.act(person, { kind: 'lift' });
    await scene.placed();
    await sealed(4);
    const stop = await bureau.start({
      sent: (path, body) => (path.endsWith('/poll') ? { ...(body as object), maxEvents: 1 } : body),
    });
    const { seqs } = await hasEverything();
    await eventually(
      'it agrees',
      () => rowsOf(`SELECT FROM digests JOIN streams USING (stream_id) WHERE agrees AND client_id = 'gkb'`),
      (count) => count === 1,
    );
    await stop();
    expect(bureau.said.some(({ path }) => path.endsWith('/snapshot'))).toBe(true);
    expect(seqs).toEqual(everything());
    // One was lifted, and one placed; who was placed and lifted meanwhile left nothing.
    expect(await bureau.marked()).toBe(marked);
    expect(await rowsOf(`SELECT FROM entries WHERE kind = 'stamp.lost'`)).toBe(1);
    expect(await rowsOf(`SELECT FROM entries WHERE kind = 'bureau.disagreed'`)).toBe(1);
  });

  it('catches up over a change of the day', async () => {
    await place(1);
    await scene.world.advanceHours(24);
    await place(1);
    const stop = await bureau.start();
    await hasEverything();
    await stop();
    const days = bureau.said.filter(({ path }) => path.includes('/keys?')).map(({ path }) => path);
    expect(new Set(days).size).toBe(2);
    const inForce = await rowsOf(`SELECT FROM refusals WHERE state IN ('in-force', 'lift-pending')`);
    expect(await bureau.marked()).toBe(inForce);
  });
});

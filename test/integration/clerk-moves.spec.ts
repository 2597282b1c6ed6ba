/** Lifts and returns as the clerk carries them out, against real PostgreSQL and an authority that may say anything. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import { allRegimeRows } from '#libs/regime/regime.store.js';
import { makeVerifier } from '#libs/signature/verifier.client.js';
import { openDataKey } from '#libs/subject/data-key.js';
import { unseal } from '#libs/subject/seal.js';
import {
  clerkTables,
  MoveRefusalService,
  type MoveAlarm,
  type MoveSettings,
} from '../../apps/clerk/moves/move-refusal.service.js';
import { ownerRole } from '../../apps/sandbox/postgres/provision.js';
import { StalePlacingsService, type StaleAnswer } from '../../apps/clerk/stale/stale-placings.service.js';
import { auditAfterEach } from '../support/auditor.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { headKeysInRows, publishedHeadKey } from '../support/head-keys.js';
import { newJournal, newLookupKeys, openRegistry } from '../support/journals.js';
import { liftScene, registryNow, type LiftScene, type LiftingPerson } from '../support/lift-scene.js';

const keys = newLookupKeys();
let database: TestDatabase;
let citizen: DataSource;
let clerk: DataSource;
/** Keys and law stand in rows without acts here, and no process reads those rows. */
let rows: DataSource;
let scene: LiftScene;
let moves: MoveRefusalService;
let headKey: SigningKey;
let alarms: MoveAlarm[] = [];
const verifiers: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await openRegistry(database, keys);
  citizen = await openDatabase(database.target('tyiym_citizen'));
  clerk = await openDatabase(database.target('tyiym_clerk_worker'));
  rows = await openDatabase(database.target(ownerRole), { poolSize: 1 });
  scene = await liftScene(database, citizen, keys);
  headKey = await publishedHeadKey(database, 'clerk');
});
beforeEach(() => {
  scene.authority = 'good';
  alarms = [];
  moves = newMoves();
});
// Its keys and its law came without acts: only the tree and the hunt.
auditAfterEach(() => ({ database }));
afterAll(async () => {
  await Promise.all(verifiers.map((verifier) => verifier.close()));
  await scene.close();
  await citizen.destroy();
  await clerk.destroy();
  await rows.destroy();
  await database.drop();
});

/** A worker of its own, which has no list in hand yet. */
function newMoves(asked?: Partial<MoveSettings['verifier']>): MoveRefusalService {
  const verifier = makeVerifier({ crlUrls: { '*': scene.crlUrl } });
  verifiers.push(verifier);
  return new MoveRefusalService({
    tx: clerk.manager,
    journal: newJournal(clerk, 'clerk', keys, clerkTables, { headKey }),
    keys: { identity: scene.identity, lookup: keys },
    trust: scene.trust,
    verifier: { ...verifier, ...asked },
    rules: async () => ({ regime: await allRegimeRows(rows.manager) }),
    headKeys: () => headKeysInRows(rows.manager),
    onAlarm: (alarm) => void alarms.push(alarm),
  });
}

const advance = (hours: number) => database.owner.query('SELECT advance_clock($1)', [hours]);
const stateOf = (person: LiftingPerson) => refusalOf(clerk.manager, keys, person.iin);

async function entriesOf(person: LiftingPerson): Promise<Record<string, unknown>[]> {
  const { rows } = await database.superuser.query<{ entry: string }>(
    'SELECT entry FROM entries WHERE subject = $1 ORDER BY index',
    [person.subject.bytes],
  );
  return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
}

async function jobFor(entryIndex: number): Promise<{ dueInS: number; payload: unknown } | undefined> {
  const { rows } = await database.superuser.query<{ dueInS: number; payload: unknown }>(
    `SELECT extract(epoch FROM run_at - clock_timestamp())::float8 AS "dueInS", payload
     FROM graphile_worker._private_jobs WHERE key = 'move-refusal:' || $1::bigint`,
    [entryIndex],
  );
  return rows[0];
}

/** What the authority said, opened as the person whose lift it was about. */
async function answerUnder(person: LiftingPerson): Promise<{ sha256: string; kind: string } | undefined> {
  const { rows } = await database.superuser.query<{
    answer: Buffer;
    kind: string;
    application: string;
    dataKey: Buffer;
  }>(
    `SELECT a.answer, a.kind, a.application_id AS application, p.data_key AS "dataKey"
     FROM revocation_answers a JOIN people p USING (person_id) JOIN entries e ON e.index = a.entry_index
     WHERE p.person_id = $1 AND e.subject = p.subject`,
    [person.personId],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const key = openDataKey(scene.identity, person.personId, row.dataKey);
  const place = { table: 'revocation_answers', column: 'answer', row: row.application };
  const der = unseal(key, place, row.answer);
  return { kind: row.kind, sha256: createHash('sha256').update(der).digest('base64url') };
}

describe('a due lift', () => {
  it('is carried out with the entry that asked for it and the link to the placing', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    const before = await stateOf(person);
    expect(await moves.move(person.requestIndex)).toBe('lifted');
    const [placed, requested, lifted] = await entriesOf(person);
    expect(lifted).toMatchObject({
      kind: 'refusal.lifted',
      version: 2,
      requestedBy: requested?.['id'],
      prev: before?.movedLeaf.toString('base64url'),
    });
    expect(await answerUnder(person)).toEqual({ kind: 'crl', sha256: lifted?.['revocationSha256'] });
    expect(placed).toMatchObject({ kind: 'refusal.placed', version: 1 });
    expect(await stateOf(person)).toMatchObject({ state: 'none', version: 2 });
  });

  it('waits for its hour, and a job that came too early asks for that hour', async () => {
    const person = await scene.lifting({ lockHours: 24 });
    await database.superuser.query('DELETE FROM graphile_worker._private_jobs');
    expect(await moves.move(person.requestIndex)).toBe('early');
    expect(await stateOf(person)).toMatchObject({ state: 'lift-pending' });
    expect((await jobFor(person.requestIndex))?.dueInS).toBeGreaterThan(86_000);
    await advance(24);
    expect(await newMoves().move(person.requestIndex)).toBe('lifted');
  });

  it('is cancelled when the certificate was revoked meanwhile, and the refusal stays in force', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    scene.authority = 'revoked';
    expect(await moves.move(person.requestIndex)).toBe('cancelled');
    const entries = await entriesOf(person);
    expect(entries.at(-1)).toMatchObject({
      kind: 'lift.cancelled',
      version: 1,
      requestedBy: entries.at(-2)?.['id'],
      reason: 'certificate-revoked',
    });
    const { revocationSha256 } = entries.at(-1) ?? {};
    expect(await answerUnder(person)).toEqual({ kind: 'crl', sha256: revocationSha256 });
    expect(await stateOf(person)).toMatchObject({ state: 'in-force', version: 1 });
    scene.authority = 'good';
    expect(await newMoves().move(person.requestIndex)).toBe('outdated');
  });

  it.each(['silent', 'stale'] as const)('stays pending while the authority is %s', async (mode) => {
    const person = await scene.lifting({ lockHours: 0 });
    scene.authority = mode;
    await expect(newMoves().move(person.requestIndex)).rejects.toThrow('revocation-unavailable');
    expect(await stateOf(person)).toMatchObject({ state: 'lift-pending', version: 1 });
    expect(await answerUnder(person)).toBeUndefined();
    scene.authority = 'good';
    expect(await newMoves().move(person.requestIndex)).toBe('lifted');
  });

  it('stays pending when the list grew old while the head was waited for', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    const verifier = makeVerifier({ crlUrls: { '*': scene.crlUrl } });
    verifiers.push(verifier);
    const late = newMoves({
      answer: async (question) => ({ ...(await verifier.answer(question)), freshUntil: question.at - 1 }),
    });
    await expect(late.move(person.requestIndex)).rejects.toThrow('revocation-unavailable');
    expect(await stateOf(person)).toMatchObject({ state: 'lift-pending', version: 1 });
  });

  it('is carried out once, however many workers take its job at once', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => newMoves().move(person.requestIndex)));
    expect(outcomes.toSorted()).toEqual(['lifted', ...Array.from({ length: 5 }, () => 'outdated')]);
    expect((await entriesOf(person)).map(({ kind }) => kind)).toEqual([
      'refusal.placed',
      'lift.requested',
      'refusal.lifted',
    ]);
    expect(alarms).toEqual([]);
  });

  it('means nothing for an entry that is no request', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    expect(await moves.move(person.requestIndex - 1)).toBe('outdated');
    expect(await moves.move(1_000_000)).toBe('outdated');
    expect(await stateOf(person)).toMatchObject({ state: 'lift-pending' });
  });
});

describe('a return', () => {
  it('places once and raises no alarm, however many workers take its job at once', async () => {
    const person = await scene.lifting({ lockHours: 0, placeAgainAfterHours: 24 });
    expect(await newMoves().move(person.requestIndex)).toBe('lifted');
    const liftIndex = (await stateOf(person))?.entryIndex ?? -1;
    await advance(24);
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => newMoves().move(liftIndex)));
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'outdated'), 'placed']);
    expect((await entriesOf(person)).map(({ kind }) => kind)).toEqual([
      'refusal.placed',
      'lift.requested',
      'refusal.lifted',
      'refusal.placed',
    ]);
    expect(await stateOf(person)).toMatchObject({ state: 'in-force', version: 3 });
    expect(alarms).toEqual([]);
  });

  it('is asked for by the lift itself and places again at its hour, with the lock from before', async () => {
    const person = await scene.lifting({ lockHours: 12, placeAgainAfterHours: 24 });
    await advance(12);
    expect(await newMoves().move(person.requestIndex)).toBe('lifted');
    const lifted = await stateOf(person);
    expect(lifted?.state).toBe('none');
    const liftIndex = lifted?.entryIndex ?? -1;
    expect(await jobFor(liftIndex)).toMatchObject({ payload: { entryIndex: liftIndex } });
    expect((await jobFor(liftIndex))?.dueInS).toBeGreaterThan(86_000);
    expect(await newMoves().move(liftIndex)).toBe('early');
    await advance(24);
    scene.authority = 'silent';
    expect(await newMoves().move(liftIndex)).toBe('placed');
    const entries = await entriesOf(person);
    expect(entries.at(-1)).toMatchObject({
      kind: 'refusal.placed',
      version: 3,
      lockHours: 12,
      requestedBy: entries[1]?.['id'],
      prev: lifted?.movedLeaf.toString('base64url'),
    });
    expect(await stateOf(person)).toMatchObject({ state: 'in-force', version: 3, lockHours: 12 });
    expect(await newMoves().move(liftIndex)).toBe('outdated');
  });
});

describe('a placing on an old list', () => {
  it('is asked about again until the authority answers, and only once', async () => {
    const people = [await scene.lifting({ lockHours: 24 }), await scene.lifting({ lockHours: 24 })];
    const indexes = people.map(({ requestIndex }) => requestIndex);
    await database.superuser.query(
      'UPDATE signed_documents SET revocation_stale = true WHERE entry_index = ANY ($1)',
      [indexes],
    );
    const verifier = makeVerifier({ crlUrls: { '*': scene.crlUrl } });
    verifiers.push(verifier);
    const { identity, trust } = scene;
    const stale = new StalePlacingsService({ tx: clerk.manager, identity, trust, verifier });
    const answers: StaleAnswer[] = [];
    const ask = () => stale.askAgain((answer) => void answers.push(answer));
    scene.authority = 'stale';
    await expect(ask()).rejects.toThrow('revocation-unavailable');
    expect(answers).toEqual([]);
    scene.authority = 'revoked';
    await advance(1);
    await ask();
    await ask();
    expect(answers).toEqual(indexes.map((entryIndex) => ({ entryIndex, answer: 'revoked' })));
    expect(await Promise.all(people.map(stateOf))).toMatchObject([{ version: 1 }, { version: 1 }]);
  });
});

describe('a lost job', () => {
  it('is asked for again when its worker died with it, and not while somebody has it', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    await moves.findLost();
    const lock = (ageS: number) =>
      database.superuser.query(
        `UPDATE graphile_worker._private_jobs SET locked_at = now() - $2 * interval '1 second', locked_by = 'dead'
         WHERE key = 'move-refusal:' || $1::bigint`,
        [person.requestIndex, ageS],
      );
    await lock(5);
    expect(await moves.findLost()).toBe(0);
    await lock(120);
    expect(await moves.findLost()).toBe(1);
    expect((await jobFor(person.requestIndex))?.dueInS).toBeLessThan(2);
  });

  it('is asked for again when it was put off too long or gave up', async () => {
    const person = await scene.lifting({ lockHours: 0 });
    await moves.findLost();
    expect(await moves.findLost()).toBe(0);
    const set = (change: string) =>
      database.superuser.query(
        `UPDATE graphile_worker._private_jobs SET ${change} WHERE key = 'move-refusal:' || $1::bigint`,
        [person.requestIndex],
      );
    await set(`run_at = now() + interval '6 hours', attempts = 9`);
    expect(await moves.findLost()).toBe(1);
    await set('attempts = max_attempts');
    expect(await moves.findLost()).toBe(1);
    await set(`key = 'another'`);
    expect(await moves.findLost()).toBe(1);
  });

  it('is none before its hour', async () => {
    const person = await scene.lifting({ lockHours: 24 });
    expect(await moves.move(person.requestIndex)).toBe('early');
    await moves.findLost();
    await database.superuser.query('DELETE FROM graphile_worker._private_jobs WHERE key = $1', [
      `move-refusal:${person.requestIndex}`,
    ]);
    expect(await moves.findLost()).toBe(0);
    expect(await registryNow(database)).toBeLessThan((await stateOf(person))?.liftsAt ?? 0);
  });
});

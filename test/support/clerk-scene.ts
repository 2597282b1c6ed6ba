/** A clerk beside a lift scene, with published keys and law: what specs of forged and of honest lifts start from. */
import { expect } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import type { SigningKey } from '#libs/platform/keys.js';
import type { Refusal } from '#libs/refusal/refusal.js';
import { refusalOf } from '#libs/refusal/refusals.store.js';
import { allRegimeRows } from '#libs/regime/regime.store.js';
import { makeVerifier } from '#libs/signature/verifier.client.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import {
  clerkTables,
  MoveRefusalService,
  type MoveAlarm,
  type MoveSettings,
} from '../../apps/clerk/moves/move-refusal.service.js';
import { ownerRole } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { testDatabase, type TestDatabase } from './database.js';
import { headKeysInRows, publishedHeadKey } from './head-keys.js';
import { newJournal, newLookupKeys, openRegistry } from './journals.js';
import { liftScene, type LiftScene } from './lift-scene.js';
import type { ScenePerson } from './signed-acts.js';

export interface ClerkScene {
  readonly database: TestDatabase;
  readonly lookup: LookupKeys;
  readonly lifts: LiftScene;
  readonly heads: { readonly citizen: SigningKey; readonly clerk: SigningKey };
  /** Holds the database password of the citizen's process and no key. */
  readonly thief: pg.Client;
  /** Those of the running test; the spec empties it. */
  readonly alarms: MoveAlarm[];
  /** A worker of its own, which has no list in hand yet. */
  newClerk(asked?: Partial<MoveSettings['verifier']>): MoveRefusalService;
  advance(hours: number): Promise<unknown>;
  rowOf(person: ScenePerson): Promise<Refusal | undefined>;
  /** Kinds of the entries about a person. */
  kindsOf(person: ScenePerson): Promise<readonly string[]>;
  /** Fails unless the job, done twice, moves nothing, raises this one alarm and is not looked for at once. */
  movesNothing(person: ScenePerson, entryIndex: number, fault: string): Promise<void>;
  close(): Promise<void>;
}

export async function newClerkScene(): Promise<ClerkScene> {
  const database = await testDatabase();
  const lookup = newLookupKeys();
  await openRegistry(database, lookup);
  const citizen = await openDatabase(database.target('tyiym_citizen'));
  const clerk = await openDatabase(database.target('tyiym_clerk_worker'));
  // Keys and law stand in rows without acts here, and no process reads those rows.
  const { manager: rows } = await openDatabase(database.target(ownerRole), { poolSize: 1 });
  const heads = {
    citizen: await publishedHeadKey(database, 'citizen'),
    clerk: await publishedHeadKey(database, 'clerk'),
  };
  const lifts = await liftScene(database, citizen, lookup, { head: heads.citizen });
  const thief = new pg.Client(clientConfig(database.target('tyiym_citizen')));
  await thief.connect();
  const alarms: MoveAlarm[] = [];
  const verifiers: { close(): Promise<void> }[] = [];
  const newClerk: ClerkScene['newClerk'] = (asked) => {
    const verifier = makeVerifier({ crlUrls: { '*': lifts.crlUrl } });
    verifiers.push(verifier);
    return new MoveRefusalService({
      tx: clerk.manager,
      journal: newJournal(clerk, 'clerk', lookup, clerkTables, { headKey: heads.clerk }),
      keys: { identity: lifts.identity, lookup },
      trust: lifts.trust,
      verifier: { ...verifier, ...asked },
      rules: async () => ({ regime: await allRegimeRows(rows) }),
      headKeys: () => headKeysInRows(rows),
      onAlarm: (alarm) => void alarms.push(alarm),
    });
  };
  const reading = readingOf(database, clerk, lookup);
  return {
    ...{ database, lookup, lifts, heads, thief, alarms, newClerk, ...reading },
    advance: (hours) => database.owner.query('SELECT advance_clock($1)', [hours]),
    movesNothing: async (person, entryIndex, fault) => {
      const before = [await reading.rowOf(person), await reading.kindsOf(person)];
      const asked = newClerk();
      expect([await asked.move(entryIndex), await asked.move(entryIndex)]).toEqual(['refused', 'refused']);
      expect(alarms).toEqual([{ entryIndex, fault }]);
      expect(await reading.alarmsOn(entryIndex)).toEqual([{ fault }]);
      expect([await reading.rowOf(person), await reading.kindsOf(person)]).toEqual(before);
      await database.superuser.query('DELETE FROM graphile_worker._private_jobs');
      await newClerk().findLost();
      expect(await reading.jobsFor(entryIndex)).toBe(0);
    },
    close: async () => {
      await Promise.all(verifiers.map((verifier) => verifier.close()));
      await Promise.all([
        thief.end(),
        lifts.close(),
        citizen.destroy(),
        clerk.destroy(),
        rows.connection.destroy(),
      ]);
      await database.drop();
    },
  };
}

function readingOf({ superuser }: TestDatabase, clerk: DataSource, lookup: LookupKeys) {
  return {
    rowOf: (person: ScenePerson) => refusalOf(clerk.manager, lookup, person.iin),
    kindsOf: async ({ subject }: ScenePerson): Promise<readonly string[]> => {
      const { rows } = await superuser.query<{ kind: string }>(
        'SELECT kind FROM entries WHERE subject = $1 ORDER BY index',
        [subject.bytes],
      );
      return rows.map(({ kind }) => kind);
    },
    alarmsOn: async (entryIndex: number): Promise<readonly unknown[]> =>
      (await superuser.query('SELECT fault FROM move_alarms WHERE entry_index = $1', [entryIndex])).rows,
    jobsFor: async (entryIndex: number): Promise<number> =>
      (
        await superuser.query(
          `SELECT FROM graphile_worker._private_jobs WHERE key = 'move-refusal:' || $1::bigint`,
          [entryIndex],
        )
      ).rowCount ?? 0,
  };
}

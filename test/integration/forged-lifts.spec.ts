/**
 * Lifts that nobody signed, as the thief of a database password or of a head key would slip them in, and the clerk that
 * believes no row: each moves nothing and raises one alarm, and nothing a stranger writes makes an honest lift wait
 * longer or shorter.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidToId } from '#libs/journal/id.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { SigningKey } from '#libs/platform/keys.js';
import { auditAfterEach } from '../support/auditor.js';
import { newClerkScene, type ClerkScene } from '../support/clerk-scene.js';
import { pastGuards } from '../support/database.js';
import { forgeEntry, forgePastGuards, type ForgedEntry } from '../support/forged-request.js';
import { publishedHeadKey } from '../support/head-keys.js';
import { registryNow, type LiftingPerson } from '../support/lift-scene.js';
import type { Forgery, ScenePerson } from '../support/signed-acts.js';

let scene: ClerkScene;

beforeAll(async () => {
  scene = await newClerkScene();
});
beforeEach(() => void scene.alarms.splice(0));
// Keys and law came without acts: only the tree and the hunt.
auditAfterEach(() => scene);
afterAll(() => scene.close());

async function membersAt(index: number): Promise<Record<string, unknown>> {
  const { rows } = await scene.database.superuser.query<{ entry: Record<string, unknown> }>(
    'SELECT entry::jsonb AS entry FROM entries WHERE index = $1',
    [index],
  );
  return rows[0]?.entry ?? {};
}

/** What a `lift.requested` repeats of an older act, with these members of its own. */
async function repeated(index: number, changes: object = {}): Promise<Record<string, unknown>> {
  const { v, id, kind, at, person, version, prev, ...rest } = await membersAt(index);
  expect([v, typeof id, typeof kind, typeof at, typeof person]).toEqual([1, ...Array(4).fill('string')]);
  expect([typeof version, prev === undefined || typeof prev === 'string']).toEqual(['number', true]);
  return { ...rest, ...changes };
}

/** The row as it would lie if no trigger stood in the way: pending on this entry, due now. */
async function pending(person: ScenePerson, index: number): Promise<void> {
  await pastGuards(
    scene.database.superuser,
    `UPDATE refusals r SET state = 'lift-pending', entry_index = $2, request_index = $2, requested_by = e.id,
       lift_requested_at = e.at, lifts_at = registry_now() FROM entries e WHERE e.index = $2 AND r.subject = $1`,
    [person.subject.bytes, index],
  );
}

describe('with the database password of the citizen’s process alone', () => {
  it.each([
    ['lift.requested', { lockHours: 0 }],
    ['refusal.lock-grown', { lockHours: 168 }],
    ['lift.cancelled', {}],
  ])('%s is not appended without its row', async (kind, body) => {
    const person =
      kind === 'lift.cancelled' ? await scene.lifts.lifting({ lockHours: 0 }) : await scene.lifts.person(0);
    await expect(forgeEntry(scene.thief, person, { kind, version: 1, body })).rejects.toMatchObject({
      code: '23000',
    });
    await scene.thief.query('ROLLBACK');
  });
});

describe('with the triggers of the database out of the way, but no key', () => {
  const request = async (person: ScenePerson, entry: Omit<ForgedEntry, 'kind' | 'version'>) => {
    const forged = { kind: 'lift.requested', version: 1, ...entry };
    const index = await forgePastGuards(scene.database.superuser, person, forged);
    await pending(person, index);
    return index;
  };

  it('an unsigned request under a copy of the signed placing lifts nothing', async () => {
    const person = await scene.lifts.person(168);
    const placing = await placingOf(person);
    const index = await request(person, {
      body: await repeated(placing, { lockHours: 0 }),
      documentOf: placing,
    });
    await scene.movesNothing(person, index, 'head-differs');
  });

  it('nor does one with nothing behind it, and an alarm that the worker’s password notes first silences nobody', async () => {
    const person = await scene.lifts.person(0);
    const index = await request(person, { body: { lockHours: 0 } });
    const { superuser } = scene.database;
    const note = (at: number) =>
      superuser.query(`INSERT INTO move_alarms VALUES ($1, 'head-differs', registry_now())`, [at]);
    await superuser.query(`SET ROLE tyiym_clerk_worker`);
    await expect(note(index + 1)).rejects.toMatchObject({ code: '23000' });
    await note(index);
    await superuser.query('RESET ROLE');
    await scene.movesNothing(person, index, 'head-differs');
  });

  it('nor does one that the next honest head covers', async () => {
    const person = await scene.lifts.person(0);
    const index = await request(person, { body: { lockHours: 0 } });
    await scene.lifts.person(0);
    await scene.movesNothing(person, index, 'head-differs');
  });

  it('a lift that was carried out once does not lift what was placed again', async () => {
    const person = await scene.lifts.lifting({ lockHours: 0 });
    expect(await scene.newClerk().move(person.requestIndex)).toBe('lifted');
    await scene.lifts.sign(person, { kind: 'place', lockHours: 72 });
    const { requestIndex: documentOf } = person;
    const index = await request(person, { body: await repeated(documentOf), documentOf });
    await scene.movesNothing(person, index, 'head-differs');
  });

  it('the signed lift of another person lifts nothing', async () => {
    const [person, other] = [await scene.lifts.person(0), await scene.lifts.lifting({ lockHours: 0 })];
    const { requestIndex: documentOf } = other;
    const index = await request(person, { body: await repeated(documentOf), documentOf });
    await scene.movesNothing(person, index, 'head-differs');
  });

  const grown = (person: ScenePerson, lockHours: number) =>
    forgePastGuards(scene.database.superuser, person, {
      ...{ kind: 'refusal.lock-grown', version: 1, body: { lockHours } },
    });

  it('an unsigned longer lock makes an honest lift wait no longer', async () => {
    const person = await scene.lifts.lifting({ lockHours: 0 });
    await grown(person, 168);
    expect(await scene.newClerk().move(person.requestIndex)).toBe('lifted');
  });

  it('an unsigned shorter lock makes nobody wait shorter, though the row says so', async () => {
    const person = await scene.lifts.person(24);
    await grown(person, 0);
    const rowSays = (hours: number) =>
      pastGuards(scene.database.superuser, 'UPDATE refusals SET lock_hours = $2 WHERE subject = $1', [
        person.subject.bytes,
        hours,
      ]);
    await rowSays(0);
    await expect(scene.lifts.sign(person, { kind: 'lift', lockHours: 0 })).rejects.toMatchObject({
      cause: { code: '23000' },
    });
    await rowSays(24);
    const { index } = await scene.lifts.sign(person, { kind: 'lift', lockHours: 24 });
    await rowSays(0);
    expect(await scene.newClerk().move(index)).toBe('early');
    expect(scene.alarms).toEqual([{ entryIndex: index, fault: 'row-differs' }]);
    await scene.advance(24);
    expect(await scene.newClerk().move(index)).toBe('lifted');
  });
});

/** The index of the person's newest placing. */
async function placingOf(person: ScenePerson): Promise<number> {
  const { rows } = await scene.database.superuser.query<{ index: number }>(
    `SELECT max(index)::int AS index FROM entries WHERE subject = $1 AND kind = 'refusal.placed'`,
    [person.subject.bytes],
  );
  return rows[0]?.index ?? -1;
}

describe('with the citizen’s process itself in hand, whose head key is honest', () => {
  const hour = 3_600_000;
  it.each<readonly [string, string, () => Promise<Forgery>]>([
    ['a document that places', 'document-differs', async () => ({ document: { kind: 'place' } })],
    [
      'a document of another application',
      'document-differs',
      async () => ({ document: { applicationId: 'app_1' } }),
    ],
    ['a document about somebody else', 'document-differs', async () => ({ document: { iin: '0' } })],
    ['a document of another lock', 'document-differs', async () => ({ document: { lockHours: 72 } })],
    ['a document of a return', 'document-differs', async () => ({ document: { placeAgainAfterHours: 72 } })],
    ['a document that had run out', 'document-differs', async () => ({ document: await ranOut() })],
    [
      'another document than the entry names',
      'document-differs',
      async () => ({ entry: { documentSha256: 'x' } }),
    ],
    ['another CMS', 'document-differs', async () => ({ entry: { cmsSha256: 'x' } })],
    ['another certificate', 'signer-differs', async () => ({ entry: { certSha256: 'x' } })],
    [
      'the signature of another person',
      'signer-differs',
      async () => ({ signer: (await scene.lifts.person()).credential }),
    ],
    ['nothing kept', 'no-document', async () => ({ kept: null })],
  ])('a request over %s lifts nothing: %s', async (_what, fault, forgery) => {
    const person = await scene.lifts.lifting({ lockHours: 0 }, await forgery());
    await scene.movesNothing(person, person.requestIndex, fault);
  });

  async function ranOut(): Promise<Record<string, unknown>> {
    const now = await registryNow(scene.database);
    return { openedAt: formatInstant(now - 2 * hour), expiresAt: formatInstant(now - hour) };
  }

  it('a lift that was called off does not lift under a second entry', async () => {
    const person = await scene.lifts.lifting({ lockHours: 0 });
    await scene.lifts.sign(person, { kind: 'place', lockHours: 0 });
    const index = await forgePastGuards(scene.database.superuser, person, {
      ...{ kind: 'lift.requested', version: 1, head: scene.heads.citizen, documentOf: person.requestIndex },
      body: await repeated(person.requestIndex),
    });
    await pending(person, index);
    await scene.movesNothing(person, index, 'application-used');
  });

  it('a row that calls a cancelled lift pending lifts nothing', async () => {
    const person = await scene.lifts.lifting({ lockHours: 0 });
    await scene.lifts.sign(person, { kind: 'place', lockHours: 0 });
    await pending(person, person.requestIndex);
    await scene.movesNothing(person, person.requestIndex, 'not-pending');
  });

  it('a lift signed for a longer lock waits for it, whatever hour the row says, and that is an alarm', async () => {
    const person = await scene.lifts.lifting({ lockHours: 24 });
    const { requestIndex: index } = person;
    await pending(person, index);
    const clerk = scene.newClerk();
    expect([await clerk.move(index), await clerk.move(index)]).toEqual(['early', 'early']);
    expect(scene.alarms).toEqual([{ entryIndex: index, fault: 'row-differs' }]);
    expect(await scene.kindsOf(person)).toEqual(['refusal.placed', 'lift.requested']);
    await scene.advance(24);
    expect(await scene.newClerk().move(index)).toBe('lifted');
  });
});

describe('with the whole database in hand', () => {
  const over = (sql: string) => async (person: LiftingPerson) => {
    await scene.database.superuser.query(
      `CREATE TEMP TABLE kept_heads AS TABLE heads; CREATE TEMP TABLE kept_entries AS TABLE entries`,
    );
    await pastGuards(scene.database.superuser, sql, [person.requestIndex]);
    return person.requestIndex;
  };
  const signedWith = (key: () => Promise<SigningKey>) => async (person: LiftingPerson) => {
    const index = await forgePastGuards(scene.database.superuser, person, {
      ...{ kind: 'lift.requested', version: 1, head: await key(), documentOf: person.requestIndex },
      body: await repeated(person.requestIndex),
    });
    await pending(person, index);
    return index;
  };

  it.each<readonly [string, string, (person: LiftingPerson) => Promise<number>]>([
    ['whose part has no head', 'outside-every-part', over('DELETE FROM heads WHERE size = $1 + 1')],
    [
      'whose head is of another part',
      'outside-every-part',
      over('UPDATE heads SET from_size = $1 + 1, size = $1 + 2 WHERE size = $1 + 1'),
    ],
    [
      'whose text was changed',
      'leaf-differs',
      over(`UPDATE entries SET entry = replace(entry, 'egov-portal', 'egov-mobile') WHERE index = $1`),
    ],
    [
      'whose leaf was changed, too',
      'leaf-differs',
      over(`UPDATE entries SET leaf_hash = sha256('x') WHERE index = $1`),
    ],
    [
      'whose column says another hour',
      'entry-unreadable',
      over(`UPDATE entries SET at = at - interval '200 hours' WHERE index = $1`),
    ],
    [
      'whose root was changed',
      'root-differs',
      over(`UPDATE heads SET root = sha256('x') WHERE size = $1 + 1`),
    ],
    [
      'over the lift of another person',
      'person-differs',
      async (person) => {
        const { requestIndex, kept } = await scene.lifts.lifting({ lockHours: 0 });
        const index = await forgePastGuards(scene.database.superuser, person, {
          ...{ kind: 'lift.requested', version: 1, head: scene.heads.citizen },
          body: await repeated(person.requestIndex, { applicationId: uuidToId('app', kept.applicationUuid) }),
        });
        await pastGuards(
          scene.database.superuser,
          `INSERT INTO signed_documents SELECT $1, application_id, person_id, document, cms, revocation, revocation_kind, false
           FROM signed_documents WHERE entry_index = $2`,
          [index, requestIndex],
        );
        await pending(person, index);
        return index;
      },
    ],
    [
      'under the lender’s head',
      'head-key-not-for-kind',
      signedWith(() => publishedHeadKey(scene.database, 'lender')),
    ],
    [
      'under a citizen’s key of other kinds',
      'head-key-not-for-kind',
      signedWith(() => publishedHeadKey(scene.database, 'citizen', ['trail.read'])),
    ],
    [
      'under a key nobody published',
      'head-not-signed',
      signedWith(async () => ({ ...scene.heads.clerk, key: scene.heads.citizen.key })),
    ],
    [
      'whose key was compromised before',
      'head-key-life',
      signedWith(async () => ended(await publishedHeadKey(scene.database, 'citizen'))),
    ],
  ])('a request %s lifts nothing: %s', async (_what, fault, tamper) => {
    const person = await scene.lifts.lifting({ lockHours: 0 });
    const index = await tamper(person);
    await scene.movesNothing(person, index, fault);
    await restore();
  });

  /** What was tampered with lies again as it was, so that the audit finds only what a test left. */
  async function restore(): Promise<void> {
    const { superuser } = scene.database;
    const { rows } = await superuser.query(`SELECT to_regclass('pg_temp.kept_heads') IS NOT NULL AS is_kept`);
    if (!(rows[0] as { is_kept: boolean }).is_kept) return;
    await superuser.query(`SET session_replication_role = replica; DELETE FROM heads; INSERT INTO heads TABLE kept_heads;
      DELETE FROM entries; INSERT INTO entries TABLE kept_entries; SET session_replication_role = DEFAULT;
      DROP TABLE kept_heads, kept_entries`);
  }

  async function ended(key: SigningKey): Promise<SigningKey> {
    await pastGuards(
      scene.database.superuser,
      `UPDATE signing_keys SET revoked_at = now() - interval '1 hour' WHERE kid = $1`,
      [key.kid],
    );
    return key;
  }
});

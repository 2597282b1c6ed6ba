/**
 * Placing is not blocked by what other roles can write. Each role, with its password and no key, does what it can to keep
 * a person from placing; the person places, nothing was overwritten, and the operator is told of each made-up row.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import request, { type Response } from 'supertest';
import type { DataSource } from 'typeorm';
import { openDatabase } from '#libs/platform/database.js';
import { metrics } from '#libs/platform/metrics.js';
import { readIdentityKey, readLookupKeys } from '#libs/platform/keys.js';
import type { Iin } from '#libs/subject/iin.js';
import { newPerson, type Person } from '#libs/subject/person.js';
import { subjectOf, type SubjectKey } from '#libs/subject/subject.js';
import { allRoles, type Role } from '../../apps/sandbox/postgres/provision.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { fsck } from '../../apps/tool/fsck/fsck.service.js';
import { trustOf } from '../../apps/tool/registry.module.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { assertionFor, call, newWorld, type World } from '../support/citizen-world.js';
import { eventually } from '../support/eventually.js';

let world: World;
let acts: CitizenActs;
let tool: DataSource;
const clients: pg.Client[] = [];
/** Rows that a test made up; the next hook asks fsck for their names, and then they go. */
const bad: string[] = [];

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  tool = await openDatabase(world.database.target('tyiym_tool'), { poolSize: 1 });
}, 60_000);

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  const made = bad.splice(0);
  if (made.length === 0) return;
  expect(await peopleNamedByFsck()).toEqual(made.toSorted());
  await world.database.superuser.query('DELETE FROM people WHERE person_id = ANY ($1)', [made]);
});
auditAfterEach(() => world);
afterAll(async () => {
  await tool.destroy();
  await world.close();
});

const place = { kind: 'place', lockHours: 12 };

async function as(role: Role): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(world.database.target(role)));
  await client.connect();
  clients.push(client);
  return client;
}

/** What an attacker may have seen of somebody: the pseudonym in a row, never its key. */
function pseudonymOf(iin: string): SubjectKey {
  const [epoch = 1, key = Buffer.alloc(0)] = [...readLookupKeys(world.keysDir('citizen'))][0] ?? [];
  return subjectOf(key, epoch, iin as Iin);
}

/** A row in the shape of one, sealed with nothing: ids of keys stand in the clear in every row. */
function madeUp(subject: SubjectKey, keyId = readIdentityKey(world.keysDir('citizen')).keyId): Person {
  const personId = randomUUID();
  const sealed = (id: Buffer, length: number): Buffer =>
    Buffer.concat([Buffer.of(1), id, randomBytes(length - 5)]);
  return {
    ...{ personId, subject, dataKey: sealed(keyId, 65) },
    iin: sealed(Buffer.from(personId.slice(-8), 'hex'), 45),
  };
}

const add = (client: pg.Client, { personId, subject, dataKey, iin }: Person, beside: string | null = null) =>
  client.query('SELECT * FROM add_people($1, $2, $3, $4, $5, $6)', [
    ...[[personId], [subject.epoch], [subject.bytes], [dataKey], [iin], [beside]],
  ]);
const insert = (client: pg.Client, { personId, subject, dataKey, iin }: Person) =>
  client.query('INSERT INTO people VALUES ($1, $2, $3, $4, $5, registry_now())', [
    ...[personId, subject.epoch, subject.bytes, dataKey, iin],
  ]);
async function peopleNamedByFsck(): Promise<readonly string[]> {
  const { keysDir, origin } = world.tool;
  const { findings } = await fsck({
    ...{ tx: tool.manager, origin, trust: trustOf(world.tool) },
    identityKey: readIdentityKey(keysDir),
    lookupKeys: readLookupKeys(keysDir),
  });
  return findings
    .filter(({ table }) => table === 'people')
    .map(({ row }) => row ?? '')
    .toSorted();
}

const rowsOf = async ({ bytes }: SubjectKey): Promise<readonly string[]> => {
  const { rows } = await world.database.superuser.query<{ id: string }>(
    'SELECT person_id AS id FROM people WHERE subject = $1 ORDER BY first_seen_at, person_id',
    [bytes],
  );
  return rows.map(({ id }) => id);
};
const alarmsAbout = (personId: string): number =>
  world.logged.filter((line) => line.includes('does not open') && line.includes(personId)).length;
const codeOf = ({ status, body }: Response): unknown => [status, (body as { code?: string }).code];

describe('a made-up row of a person', () => {
  it.each(['tyiym_citizen', 'tyiym_lender', 'tyiym_bureau', 'tyiym_tool'] as const)(
    'by %s keeps nobody from placing: a good one stands beside it, and the operator is told',
    async (role) => {
      const who = await acts.somebody();
      const subject = pseudonymOf(who.iin);
      const row = madeUp(subject);
      const client = await as(role);
      await expect(insert(client, row)).rejects.toMatchObject({ code: '42501' });
      await add(client, row);
      bad.push(row.personId);
      expect(await rowsOf(subject)).toEqual([row.personId]);
      expect((await acts.act(who, place)).body).toMatchObject({ state: 'in-force' });
      const rows = await rowsOf(subject);
      expect(rows).toHaveLength(2);
      expect(rows).toContain(row.personId);
      expect(alarmsAbout(row.personId)).toBe(1);
      expect(await metrics.metrics()).toMatch(/tyiym_citizen_bad_people_total [1-9]/);
      // Once mended, the next act finds the good row and adds nothing.
      expect((await acts.act(who, { kind: 'lift' })).status).toBe(200);
      expect(await rowsOf(subject)).toEqual(rows);
      await expect(add(client, madeUp(subject))).resolves.toMatchObject({ rowCount: 0 });
    },
  );

  it.each<[string, (good: Person, other: Person) => Partial<Person>]>([
    ['with the data key of another row', (_, other) => ({ dataKey: other.dataKey })],
    ['with the sealed number of another row', (_, other) => ({ iin: other.iin })],
    ['with a bent tag', ({ iin }) => ({ iin: Buffer.concat([iin.subarray(0, -1), Buffer.of(1)]) })],
    ['that is no sealed value', () => ({ dataKey: Buffer.from('x'), iin: Buffer.alloc(0) })],
    ['that is another person’s, sealed rightly', (_, other) => other],
  ])('%s is found and mended, whoever wrote it', async (_, bend) => {
    const who = await acts.somebody();
    const subject = pseudonymOf(who.iin);
    const identity = readIdentityKey(world.keysDir('citizen'));
    const fresh = (iin: string): Person =>
      newPerson(identity, randomUUID(), subject, iin as Iin, randomBytes);
    const bent = { ...fresh(who.iin), ...bend(fresh(who.iin), fresh((await acts.somebody()).iin)), subject };
    await insert(world.database.superuser, bent);
    bad.push(bent.personId);
    expect((await acts.act(who, place)).body).toMatchObject({ state: 'in-force' });
    expect(await rowsOf(subject)).toHaveLength(2);
    expect(alarmsAbout(bent.personId)).toBe(1);
  });

  it('is no way in by the hundred either', async () => {
    const who = await acts.somebody();
    const subject = pseudonymOf(who.iin);
    const client = await as('tyiym_tool');
    let last: string | null = null;
    for (let made = 0; made < 40; made += 1) {
      const row = madeUp(subject);
      await add(client, row, last);
      bad.push(row.personId);
      [last = null] = (await rowsOf(subject)).toReversed();
    }
    expect((await rowsOf(subject)).length).toBeGreaterThan(32);
    expect((await acts.act(who, place)).body).toMatchObject({ state: 'in-force' });
    expect((await acts.act(who, { kind: 'lift' })).status).toBe(200);
    expect((await acts.present('/v1/lift-cancellations', who.iin)).status).toBe(200);
  });

  it('before or after the good one keeps no placing from the bureaus', async () => {
    const [before, after] = [await acts.somebody(), await acts.somebody()];
    const rows = [before, after].map(({ iin }) => madeUp(pseudonymOf(iin)));
    const [first, second] = rows;
    if (first === undefined || second === undefined) throw new Error('two rows were made');
    await add(await as('tyiym_lender'), first);
    for (const who of [before, after]) expect((await acts.act(who, place)).status).toBe(200);
    const [good = null] = await rowsOf(second.subject);
    await add(await as('tyiym_tool'), second, good);
    bad.push(first.personId, second.personId);
    const clerk = await world.startClerk();
    const left = async (): Promise<unknown> => {
      const { rows: found } = await world.database.superuser.query<{ left: number }>(
        `SELECT count(*)::integer AS left FROM streams s CROSS JOIN feed f WHERE NOT EXISTS (
           SELECT FROM sealed_items i WHERE i.stream_id = s.stream_id AND i.seq = f.seq AND NOT i.withheld)`,
      );
      const { rows: streams } = await world.database.superuser.query('SELECT FROM streams');
      return streams.length === 0 ? undefined : found[0]?.left;
    };
    await eventually('all items sealed', left, (count) => count === 0);
    await clerk.close();
  });

  it('under an identity key that the registry does not have is refused by the database', async () => {
    const subject = pseudonymOf((await acts.somebody()).iin);
    const client = await as('tyiym_lender');
    await expect(add(client, madeUp(subject, randomBytes(4)))).rejects.toMatchObject({ code: '23000' });
    await expect(add(client, { ...madeUp(subject), iin: randomBytes(45) })).rejects.toMatchObject({
      code: '23000',
    });
    await expect(add(client, madeUp(subject), randomUUID())).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a wrong identity key', () => {
  it('in a row is a 503 and mends nothing', async () => {
    const who = await acts.somebody();
    const subject = pseudonymOf(who.iin);
    const row = madeUp(subject, randomBytes(4));
    await insert(world.database.superuser, row);
    expect(codeOf(await acts.open(who.iin, place))).toEqual([503, 'registry-unavailable']);
    expect(await rowsOf(subject)).toEqual([row.personId]);
    await world.database.superuser.query('DELETE FROM people WHERE person_id = $1', [row.personId]);
    expect((await acts.open(who.iin, place)).status).toBe(201);
  });

  it.each([
    ['of another id', { keyId: randomBytes(4).toString('hex') }],
    ['of the same id', {}],
  ])('%s in the process is a 503 for people known and new, and adds nobody', async (_, changes) => {
    const known = await acts.somebody();
    expect((await acts.act(known, place)).status).toBe(200);
    const stranger = await acts.somebody();
    const keysDir = mkdtempSync(join(tmpdir(), 'tyiym-wrong-identity-'));
    cpSync(world.keysDir('citizen'), keysDir, { recursive: true });
    const file = join(keysDir, 'identity.json');
    const own = JSON.parse(readFileSync(file, 'utf8')) as object;
    const key = randomBytes(32).toString('base64url');
    writeFileSync(file, JSON.stringify({ ...own, key, ...changes }), { mode: 0o600 });
    const publicBase = `http://127.0.0.1:${18_081 + Object.keys(changes).length}`;
    const app = await world.startCitizen({ keysDir, publicBase });
    const channel = { ...world.portal, resource: publicBase };
    const before = (await world.database.superuser.query('SELECT FROM people')).rowCount;
    for (const { iin } of [known, stranger]) {
      const citizenAssertion = await assertionFor(channel, iin, { aud: publicBase });
      const body = { citizenAssertion, language: 'ru', kind: 'place', lockHours: 24 };
      const asked = await call({ app }, channel, {
        ...{ method: 'POST', path: '/v1/applications', key: randomUUID(), body },
      });
      expect(codeOf(asked)).toEqual([503, 'registry-unavailable']);
    }
    const ready = await request(app.getHttpServer()).get('/readyz');
    expect([ready.status, ready.body]).toMatchObject([503, { problems: ['identity key'] }]);
    expect((await world.database.superuser.query('SELECT FROM people')).rowCount).toBe(before);
    await app.close();
    rmSync(keysDir, { recursive: true });
  });
});

describe('no other role', () => {
  const others = allRoles.filter((role) => !['tyiym_owner', 'tyiym_citizen'].includes(role));

  it.each(others)('%s keeps a person from placing by rows that a placing reads', async (role) => {
    const who = await acts.somebody();
    const { epoch, bytes } = pseudonymOf(who.iin);
    const client = await as(role);
    const day = `(registry_now() AT TIME ZONE 'UTC')::date`;
    const uuid = randomUUID();
    const attempts: readonly (readonly [string, unknown[]?])[] = [
      [`INSERT INTO people VALUES ($1, $2, $3, '', '', now())`, [uuid, epoch, bytes]],
      [
        `INSERT INTO applications (application_id, person_id, subject_epoch, subject, kind, state, channel, identified_by,
           lock_hours, language, document, document_sha256, opened_at, expires_at, phone_secret_sha256, phone_expires_at)
         SELECT $1, person_id, $2, $3, 'place', 'open', 'egov-portal', 'sms', 0, 'ru', '', sha256(''), now(), now(), '', now()
         FROM people LIMIT 1`,
        [uuid, epoch, bytes],
      ],
      [`INSERT INTO assertion_ids SELECT 'egov-portal', 'x', now() + interval '1 year'`],
      [
        `INSERT INTO idempotency_keys (day, app, party, route, key, body_hmac) VALUES
           (${day}, 'citizen', 'egov-portal', 'POST /v1/applications', 'key', sha256(''))`,
      ],
      [
        `INSERT INTO rate_limits VALUES ('citizen:acts:egov-portal', 2000000000, 9000000000000)
         ON CONFLICT (key) DO UPDATE SET points = 2000000000`,
      ],
      [`UPDATE rate_limits SET points = 2000000000 WHERE key LIKE 'citizen:%' RETURNING 1 / 0`],
      [
        `INSERT INTO refusals (subject, subject_epoch, state, version, lock_hours) VALUES ($2, $1, 'none', 9, 9)`,
        [epoch, bytes],
      ],
      [`INSERT INTO citizen_turns VALUES (sha256('x'))`],
      [`DO $$ BEGIN LOCK TABLE citizen_turns, people, applications, assertion_ids IN SHARE MODE; END $$`],
    ];
    for (const [sql, values] of attempts)
      if (!/^UPDATE/.test(sql) || role === 'tyiym_clerk_worker')
        await expect(client.query(sql, values)).rejects.toMatchObject({
          code: expect.stringMatching(/^(42501|23|22)/),
        });
    // What took turns before: a lock that any role can hold, by a name that anybody can make.
    const name = `opening for ${bytes.toString('base64url')}`;
    await expect(
      client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]),
    ).rejects.toMatchObject({ code: '42501' });
    // For a transaction some roles may still take it.
    await client.query('BEGIN');
    await client
      .query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name])
      .catch(() => undefined);
    expect((await acts.act(who, place)).body).toMatchObject({ state: 'in-force' });
    await client.query('ROLLBACK');
  });

  it('waits for the turn of a request of the same name, and two openings at once leave one open', async () => {
    const who = await acts.somebody();
    const answers = await Promise.all(Array.from({ length: 6 }, () => acts.open(who.iin, place)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201));
    const { rows } = await world.database.superuser.query<{ open: number; people: number }>(
      `SELECT count(*) FILTER (WHERE state = 'open')::integer AS open, count(DISTINCT person_id)::integer AS people
       FROM applications WHERE subject = $1`,
      [pseudonymOf(who.iin).bytes],
    );
    expect(rows).toEqual([{ open: 1, people: 1 }]);
    expect((await world.database.superuser.query('SELECT FROM citizen_turns')).rowCount).toBe(0);
  });
});

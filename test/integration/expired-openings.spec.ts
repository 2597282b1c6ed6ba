/** What openings leave behind: one that nobody signed is gone after four days, and a signed one stays. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { idToUuid } from '#libs/journal/id.js';
import { openDatabase } from '#libs/platform/database.js';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import { dropExpiredOpenings } from '../../apps/clerk/upkeep/upkeep.store.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs } from '../support/citizen-acts.js';
import { newWorld, signatureOf, type World } from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;
let clerk: DataSource;

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
  clerk = await openDatabase(world.database.target('tyiym_clerk_worker'), { poolSize: 1 });
}, 60_000);

auditAfterEach(() => world);
afterAll(async () => {
  await clerk.destroy();
  await world.close();
});

const place = { kind: 'place', lockHours: 24 };
const opening = async (iin: string): Promise<Opened> => (await acts.open(iin, place)).body as Opened;
const left = async (): Promise<readonly string[]> => {
  const { rows } = await world.database.superuser.query<{ id: string }>(
    'SELECT application_id AS id FROM applications ORDER BY application_id',
  );
  return rows.map(({ id }) => id);
};
const uuidOf = ({ applicationId }: Opened): string => idToUuid('app', applicationId);

it('an unsigned opening is gone four days after it expired, a signed one stays, also when its row denies it', async () => {
  const who = await acts.somebody();
  const other = await acts.somebody();
  const unsigned = [await opening(who.iin), await opening(who.iin)];
  const signed = await opening(who.iin);
  const denied = await opening(other.iin);
  for (const [{ person }, { applicationId, document }] of [
    [who, signed],
    [other, denied],
  ] as const)
    expect((await acts.sign(applicationId, await signatureOf(person, document))).status).toBe(200);
  // The citizen's own role may write these columns.
  const denial = `state = 'void', cms_sha256 = NULL, entry_index = NULL`;
  const kept = await world.database.superuser.query<{ state: string }>(
    'SELECT state, cms_sha256, entry_index FROM applications WHERE application_id = $1',
    [uuidOf(denied)],
  );
  await world.database.superuser.query(`UPDATE applications SET ${denial} WHERE application_id = $1`, [
    uuidOf(denied),
  ]);
  expect(await dropExpiredOpenings(clerk.manager)).toBe(0);
  await world.advanceHours(96);
  expect(await dropExpiredOpenings(clerk.manager)).toBe(0);
  await world.advanceHours(1);
  expect(await dropExpiredOpenings(clerk.manager)).toBe(2);
  expect(await left()).toEqual([uuidOf(signed), uuidOf(denied)].toSorted());
  const answers = await Promise.all(
    [...unsigned, signed].map(({ applicationId }) => acts.progress(applicationId)),
  );
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 200]);
  const [row] = kept.rows;
  await world.database.superuser.query(
    `UPDATE applications SET (state, cms_sha256, entry_index) = ($2, $3, $4) WHERE application_id = $1`,
    [uuidOf(denied), ...Object.values(row ?? {})],
  );
});

it('thousands go in one turn, a page at a time', async () => {
  const before = await left();
  await opening((await acts.somebody()).iin);
  await world.database.superuser.query(
    `INSERT INTO applications SELECT (jsonb_populate_record(a, jsonb_build_object('application_id', gen_random_uuid(),
       'phone_secret_sha256', sha256(n::text::bytea), 'phone_token_sha256', NULL))).*
     FROM applications a, generate_series(1, 4100) n WHERE a.state = 'open'`,
  );
  await world.advanceHours(97);
  expect(await dropExpiredOpenings(clerk.manager)).toBe(4101);
  expect(await left()).toEqual(before);
});

it('only the clerk deletes them', async () => {
  const { rows } = await world.database.superuser.query<{ role: string }>(
    `SELECT rolname AS role FROM pg_roles WHERE rolname LIKE 'tyiym%'
       AND has_function_privilege(rolname, 'drop_expired_openings(integer)', 'EXECUTE')`,
  );
  expect(rows.map(({ role }) => role).toSorted()).toEqual(['tyiym_clerk_worker', 'tyiym_owner']);
});

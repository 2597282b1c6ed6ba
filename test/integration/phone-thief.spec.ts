/**
 * A thief with the password of the citizen's process and no key: the phone's API gives a document to the holder of its QR
 * code alone, whatever is written into the row.
 */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import request, { type Response } from 'supertest';
import { idToUuid } from '#libs/journal/id.js';
import type { Opened } from '../../apps/citizen/applications/applications.service.js';
import type { PhoneInvitation } from '../../apps/citizen/egov-mobile/phone.js';
import { clientConfig } from '../../apps/sandbox/postgres/target.js';
import { auditAfterEach } from '../support/auditor.js';
import { citizenActs, type CitizenActs, type Somebody } from '../support/citizen-acts.js';
import { newWorld, publicBase, type World } from '../support/citizen-world.js';

let world: World;
let acts: CitizenActs;
let victim: { readonly who: Somebody; readonly opened: Opened; readonly uuid: string };
let thief: { readonly token: string; readonly uuid: string; readonly applicationId: string };

beforeAll(async () => {
  world = await newWorld();
  acts = citizenActs(world);
}, 60_000);

beforeEach(async () => {
  victim = await open();
  const own = await open();
  const { auth_token: token } = ((await get(own.opened.egovMobile.qr)).body as PhoneInvitation).document;
  thief = { token, uuid: own.uuid, applicationId: own.opened.applicationId };
});

auditAfterEach(() => world);
afterAll(() => world.close());

async function open() {
  const who = await acts.somebody();
  const opened = (await acts.open(who.iin, { kind: 'place', lockHours: 24 })).body as Opened;
  return { who, opened, uuid: idToUuid('app', opened.applicationId) };
}

const get = (url: string, token?: string): Promise<Response> =>
  Promise.resolve(
    request(world.app.getHttpServer())
      .get(url.replace('mobileSign:', '').replace(publicBase, ''))
      .set(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  );
const documentOf = (applicationId: string, token: string): Promise<Response> =>
  get(`/egov-mobile/documents/${applicationId}`, token);
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Nothing of the document, nor of whom it names, in any spelling a caller could read. */
function expectNothingOf({ text, status }: Response): void {
  // Nor is it the limit of calls that keeps the thief out.
  expect(status).not.toBe(429);
  const document = Buffer.from(victim.opened.document, 'base64');
  const { nonce } = JSON.parse(document.toString()) as { nonce: string };
  for (const secret of [victim.opened.document, nonce, victim.who.iin])
    expect([text, Buffer.from(text, 'base64').toString()].join().includes(secret)).toBe(false);
}

describe('whoever has the password of the citizen’s process', () => {
  it('puts a token of their own into the row, and is given no document', async () => {
    const token = randomBytes(32).toString('base64url');
    const client = new pg.Client(clientConfig(world.database.target('tyiym_citizen')));
    await client.connect();
    await client.query('UPDATE applications SET phone_token_sha256 = $2 WHERE application_id = $1', [
      victim.uuid,
      sha256(token),
    ]);
    await client.end();
    const answer = await documentOf(victim.opened.applicationId, token);
    expect(answer.status).toBe(403);
    expectNothingOf(answer);
  });

  it('gives the row the hash of a secret of their own, scans it, and is given no document', async () => {
    const secret = randomBytes(32).toString('base64url');
    await world.database.superuser.query(
      'UPDATE applications SET phone_secret_sha256 = $2 WHERE application_id = $1',
      [victim.uuid, sha256(secret)],
    );
    const invited = await get(`/egov-mobile/${secret}`);
    expect(invited.status).toBe(200);
    const { auth_token: token } = (invited.body as PhoneInvitation).document;
    const answer = await documentOf(victim.opened.applicationId, token);
    expect(answer.status).toBe(403);
    expectNothingOf(answer);
  });

  it('copies any column, or all, from the victim’s row into their own or back, and is given no document', async () => {
    const { superuser } = world.database;
    const { rows } = await superuser.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns
       WHERE table_name = 'applications' AND column_name NOT IN ('application_id', 'state', 'cms_sha256', 'entry_index')`,
    );
    const names = rows.map(({ name }) => name);
    expect(names).toContain('phone_document');
    const copies = [
      ...names.map((name) => [name]),
      names,
      names.filter((name) => !name.startsWith('phone_')),
    ];
    await superuser.query(`DROP INDEX applications_phone_secret, applications_phone_token;
      CREATE TEMP TABLE kept AS SELECT * FROM applications`);
    const assigned = (columns: readonly string[]) => columns.map((name) => `${name} = f.${name}`).join(', ');
    for (const [from, to] of [
      [victim.uuid, thief.uuid],
      [thief.uuid, victim.uuid],
    ])
      for (const columns of copies) {
        await superuser.query(
          `UPDATE applications a SET ${assigned(columns)} FROM applications f WHERE f.application_id = $1 AND a.application_id = $2`,
          [from, to],
        );
        // With one token in two rows the registry could pick the one that is no one else's.
        if (to === victim.uuid)
          await superuser.query(
            `UPDATE applications SET phone_token_sha256 = NULL WHERE application_id = $1`,
            [from],
          );
        for (const id of [victim.opened.applicationId, thief.applicationId])
          expectNothingOf(await documentOf(id, thief.token));
        await superuser.query(
          `UPDATE applications a SET ${assigned(names)} FROM kept f WHERE f.application_id = a.application_id`,
        );
      }
    await superuser.query(`CREATE UNIQUE INDEX applications_phone_secret ON applications (phone_secret_sha256);
      CREATE UNIQUE INDEX applications_phone_token ON applications (phone_token_sha256) WHERE phone_token_sha256 IS NOT NULL`);
    // Nothing was broken by the search itself: the thief's own document still opens with the thief's own code.
    expect((await documentOf(thief.applicationId, thief.token)).status).toBe(200);
  });
});
